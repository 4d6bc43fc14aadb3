//! Rules as CSV.

use proptest::prelude::*;
use saas_rbac::casbin::{Model, Policy};

use super::{ALLOW, conf, refusal};

fn model() -> Model {
    let matcher = "g(r.sub, p.sub) && r.obj == p.obj";
    Model::parse(&conf("sub, obj", "sub, obj", &["_, _"], ALLOW, matcher)).unwrap()
}

#[test]
fn the_form_is_that_of_casbin() {
    let csv = "\u{feff}# comment\r\np,  ann ,a b\r\n\n   \n  # another, \"one\np, \"a,b\" , \"say \"\"hi\"\"\"\np, \" x \",\"two\nlines\"\np, , #\ng, ann, cook";
    let policy = Policy::from_csv(csv, &model()).unwrap();
    let rules = [
        ["ann", "a b"],
        ["a,b", "say \"hi\""],
        [" x ", "two\nlines"],
        ["", "#"],
    ];
    assert_eq!(policy.rules("p"), rules);
    assert_eq!(policy.rules("g"), [["ann", "cook"]]);
}

#[test]
fn faults_are_named_with_their_line() {
    let long = format!("p, a, {}", "x".repeat(5_000));
    for (csv, why) in [
        ("p, a", "line 1: a rule of type `p` has 2 fields, not 1"),
        (
            "\n\np, a, b, c",
            "line 3: a rule of type `p` has 2 fields, not 3",
        ),
        (
            "p, a, b\nq, a, b",
            "line 2: rules of type `q` are not defined",
        ),
        (
            "p, a, b\n\"p2\", a, b",
            "line 2: rules of type `p2` are not defined",
        ),
        ("#\np, \"a, b", "line 2: a quoted field does not end"),
        ("p, \"a\" x, b", "line 1: `x` follows a closing quote"),
        ("p, \"a\n\"\"\" x, b", "line 2: `x` follows a closing quote"),
        ("p, a\"b\", c", "line 1: the field `a\"b\"` has a quote"),
        ("p, a, \"b\nc\"\np, a", "line 3: a rule"),
        (&long, "line 1: the field `xxx"),
    ] {
        let text = refusal(Policy::from_csv(csv, &model()));
        assert!(text.contains(why), "{csv}: {text}");
    }
    for (field, value, why) in [
        ("eft", "Deny", "`allow`, `deny` or `indeterminate`"),
        ("priority", "x", "not a number"),
    ] {
        let conf = conf(
            "sub",
            &format!("sub, {field}"),
            &[],
            ALLOW,
            "r.sub == p.sub",
        );
        let text = refusal(Policy::from_csv(
            &format!("p, a, {value}"),
            &Model::parse(&conf).unwrap(),
        ));
        assert!(text.contains(why), "{text}");
    }
}

proptest! {
    #[test]
    fn rba_10_whatever_is_written_is_read(
        rules in prop::collection::vec(("[ ,\"#\n\r\tab\\p{Any}]{0,6}", any::<String>()), 0..8),
        links in prop::collection::vec("[ \",#\n]{1,3}[a-z]", 0..4),
    ) {
        let model = model();
        let mut policy = Policy::new(&model);
        for (sub, obj) in &rules {
            policy.insert("p", &[sub, obj]).unwrap();
        }
        for link in &links {
            policy.insert("g", &[link, "role"]).unwrap();
        }
        let read = Policy::from_csv(&policy.to_csv(), &model).unwrap();
        prop_assert_eq!(read.rules("p"), policy.rules("p"));
        prop_assert_eq!(read.rules("g"), policy.rules("g"));
    }
}
