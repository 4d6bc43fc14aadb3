//! Input that is meant to break something.

use proptest::prelude::*;
use saas_rbac::casbin::{Enforcer, Model, Policy, Value};

use super::{ALLOW, conf, refusal, with};

fn matcher(text: &str) -> Result<Model, saas_rbac::Error> {
    Model::parse(&conf("sub, obj", "sub, obj", &["_, _"], ALLOW, text))
}

#[test]
fn the_size_of_everything_is_bounded() {
    refusal(matcher(&"(".repeat(10_000)));
    refusal(matcher(&"!".repeat(10_000)));
    refusal(matcher(&format!("r.sub == {}1", "-".repeat(1_000))));
    refusal(matcher(&format!("1 {}== 2", "+ 1 ".repeat(400))));
    refusal(matcher(&format!("r.sub{} == 1", ".a".repeat(1_000))));
    refusal(matcher(&"r.sub == p.sub && ".repeat(400)));
    let text = refusal(matcher(&"x".repeat(70_000)));
    assert!(text.contains("65536"), "{text}");
    let enforcer = with(
        &conf("sub", "sub", &[], ALLOW, "r.sub == p.sub"),
        "",
        |it| it,
    );
    refusal(enforcer.add("p", &[&"x".repeat(5_000)]));
    refusal(enforcer.enforce(&["x".repeat(5_000)]));
}

#[test]
fn the_largest_expressions_are_evaluated() {
    let chain = vec!["r.sub == p.sub"; 240].join(" && ");
    let deep = format!("{}r.sub == p.sub{}", "(".repeat(20), ")".repeat(20));
    let sum = format!("r.sub == 'ann' && 30 == {}1", "1 + ".repeat(29));
    let not = format!("{}(r.sub == p.sub)", "!".repeat(20));
    for text in [chain, deep, sum, not] {
        let model = matcher(&text).unwrap();
        let policy = Policy::from_csv("p, ann, x", &model).unwrap();
        let enforcer = Enforcer::builder(model)
            .interpreted()
            .build(policy)
            .unwrap();
        assert!(enforcer.enforce(&["ann", "x"]).unwrap(), "{text}");
        assert!(!enforcer.enforce(&["ben", "x"]).unwrap(), "{text}");
    }
}

#[test]
fn the_largest_rules_are_evaluated_in_the_largest_matchers() {
    let sum = format!("9 == {}1", "1 + ".repeat(8));
    let rule = format!("{}({sum})", "!".repeat(22));
    let conf = conf(
        "sub",
        "rule",
        &[],
        ALLOW,
        &format!("{}eval(p.rule)", "!".repeat(22)),
    );
    let enforcer = with(&conf, &format!("p, {rule}"), |it| it);
    assert!(enforcer.enforce(&["ann"]).unwrap());
    let loops = Policy::from_csv("p, while true {}", &Model::parse(&conf).unwrap());
    refusal(loops);
    // Without a rule there is nothing to evaluate.
    refusal(with(&conf, "", |it| it).enforce(&["ann"]));
}

#[test]
fn a_policy_of_another_model_is_refused() {
    let (one, two) = (
        matcher("r.sub == p.sub").unwrap(),
        matcher("r.sub == p.sub").unwrap(),
    );
    refusal(Enforcer::new(one, Policy::new(&two)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_matcher_panics(text in "((r\\.sub|p\\.obj|g\\(|\\(|\\)|,|'a'|1|==| && | \\|\\| |!|-|\\+| in |<|eval\\(|keyMatch2\\()){0,12}") {
        if let Ok(model) = matcher(&text) {
            let policy = Policy::from_csv("p, a, b", &model);
            if let Ok(enforcer) = policy.and_then(|policy| Enforcer::new(model, policy)) {
                let _ = enforcer.enforce(&["a", "b"]);
                let _ = enforcer.enforce(&[Value::Number(1.0), Value::Bool(true)]);
            }
        }
    }

    #[test]
    fn rba_11_a_text_in_a_matcher_is_itself(text in "[r2p.#eval(g){}\"'\\\\\n\\p{Any}]{0,12}") {
        let literal = text.replace('\\', "\\\\").replace('"', "\\\"");
        prop_assume!(!text.contains(['\n', '\r']));
        for part in ["true", "r.a != p.x"] {
            let conf = conf("a", "x", &[], ALLOW, &format!("r.a == \"{literal}\" && {part}"));
            let enforcer = with(&conf, "p, \"\r\"", |it| it);
            prop_assert!(enforcer.enforce(&[&*text]).unwrap());
            let longer = text.clone() + "x";
            prop_assert!(!enforcer.enforce(&[longer]).unwrap());
        }
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = Model::parse(&text);
        let _ = matcher(&text);
    }

    #[test]
    fn no_function_panics(subject in "[/a-c*:{}é?.\\[\\]()|\\\\ ]{0,10}", pattern in "[/a-c*:{}é?.\\[\\]()|\\\\ ]{0,10}") {
        for name in ["keyMatch", "keyMatch2", "keyMatch3", "keyMatch4", "keyMatch5", "regexMatch", "ipMatch", "globMatch"] {
            let enforcer = with(&conf("a, b", "x", &[], ALLOW, &format!("{name}(r.a, r.b)")), "", |it| it);
            let _ = enforcer.enforce(&[&*subject, &*pattern]);
        }
    }
}
