//! Models of attributes.

use saas_rbac::casbin::{Enforcer, Value};
use serde_json::json;

use super::{ALLOW, check, conf, refusal, with};

fn ask(enforcer: &Enforcer, request: &[serde_json::Value]) -> bool {
    let request: Vec<Value> = request.iter().cloned().map(Value::from).collect();
    enforcer.enforce(&request).unwrap()
}

fn only(matcher: &str) -> Enforcer {
    with(
        &conf("sub, obj, act", "sub, obj, act", &[], ALLOW, matcher),
        "p, x, y, z",
        |it| it,
    )
}

#[test]
fn an_owner() {
    let enforcer = only("r.sub == r.obj.owner.name");
    assert!(ask(
        &enforcer,
        &[
            json!("ann"),
            json!({"owner": {"name": "ann"}}),
            json!("read")
        ]
    ));
    assert!(!ask(
        &enforcer,
        &[
            json!("ben"),
            json!({"owner": {"name": "ann"}}),
            json!("read")
        ]
    ));
}

#[test]
fn numbers_texts_and_truths() {
    for (matcher, expected) in [
        ("r.sub.age >= 18", true),
        ("r.sub.age > 36.5", false),
        ("r.sub.age == 36.5", true),
        ("r.sub.age * 2 - 3 == 70", true),
        ("r.sub.age / 2 + 1 < 19.3 && -r.sub.age < 0", true),
        ("7 % 4 == 3 && 'b' > 'a'", true),
        ("r.sub.age == '36.5'", false),
        ("r.sub.age != '36.5'", true),
        ("r.sub.active", true),
        ("!r.sub.active", false),
        ("!(r.sub.active && false) || false", true),
        ("r.sub.name + '!' == \"ann!\"", true),
        ("r.act in ('read', 'write')", true),
        ("r.act in ('write')", false),
        ("r.act in ['read', 'write'] && !(r.act in [])", true),
        ("!(r.act in ('write', 1, true))", true),
        ("r.act in r.obj.acts", true),
        ("r.sub.name in r.obj.acts", false),
        ("r.sub.age == 3000000000 || r.sub.age < 3000000000", true),
        ("r.obj.text == 'p.sub eval(x) # r.obj \\\\ \"'", true),
    ] {
        let enforcer = only(matcher);
        let sub = json!({"name": "ann", "age": 36.5, "active": true});
        let obj = json!({"acts": ["read", 2], "text": "p.sub eval(x) # r.obj \\ \""});
        assert_eq!(
            ask(&enforcer, &[sub, obj, json!("read")]),
            expected,
            "{matcher}"
        );
    }
}

#[test]
fn what_cannot_be_compared_is_an_error() {
    for matcher in [
        "r.sub.age > 'x'",
        "r.sub.nothing == 1",
        "r.sub.age.more == 1",
        "r.act in r.sub",
        "r.sub && true",
        "!r.act",
        "r.act",
        "r.sub.age",
        "keyMatch(r.sub, 'x')",
    ] {
        let request = [json!({"age": 1}), json!("o"), json!("a")].map(Value::from);
        let text = refusal(only(matcher).enforce(&request));
        assert!(text.contains("cannot be evaluated"), "{matcher}: {text}");
    }
}

#[test]
fn rules_that_are_evaluated() {
    let conf = conf(
        "sub, obj",
        "rule, obj",
        &[],
        ALLOW,
        "eval(p.rule) && r.obj == p.obj",
    );
    let csv = "p, r.sub.age > 18 && r.sub.age < 60, wine\np, \"r.sub.name == \"\"p.x\"\" || r.obj in ('x', 'y')\", key";
    let enforcer = with(&conf, csv, |it| it);
    for (sub, obj, expected) in [
        (json!({"age": 20, "name": "p.x"}), "wine", true),
        (json!({"age": 20, "name": "p.x"}), "key", true),
        (json!({"age": 70, "name": "ann"}), "wine", false),
        (json!({"age": 20, "name": "ann"}), "key", false),
    ] {
        assert_eq!(ask(&enforcer, &[sub, json!(obj)]), expected);
    }
    for (rule, why) in [
        ("loop {}", "not expected"),
        ("r.sub.age >", "not complete"),
        ("r.nothing == 1", "not defined"),
        ("eval(p.rule)", "evaluated"),
        ("print(r.sub)", "neither a function"),
        ("", "empty"),
    ] {
        let text = refusal(enforcer.add("p", &[rule, "o"]));
        assert!(text.contains(why), "{rule}: {text}");
    }
    let roles = super::conf(
        "sub, obj",
        "rule, obj",
        &["_, _"],
        ALLOW,
        "eval(p.rule) && r.obj == p.obj",
    );
    check(
        &roles,
        "p, \"g(r.sub, 'cook')\", stove\ng, ann, cook",
        "ann stove = yes\nben stove = no",
    );
}

#[test]
fn a_role_of_what_is_no_text_is_an_error() {
    let conf = conf(
        "sub, obj",
        "sub, obj",
        &["_, _"],
        ALLOW,
        "g(r.sub, p.sub) && r.obj == p.obj",
    );
    for enforcer in super::both(&conf, "p, a, b") {
        let request = [Value::Number(1.0), "b".into()];
        refusal(enforcer.enforce(&request));
        let request = ["a".into(), Value::Number(1.0)];
        assert!(!enforcer.enforce(&request).unwrap());
    }
}
