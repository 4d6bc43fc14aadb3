//! Several definitions of each kind.

use saas_rbac::casbin::{EnforceContext, Path};

use super::{both, refusal, with};

const CONF: &str = "
[request_definition]
r = sub, obj, act
r2 = sub, act
[policy_definition]
p = sub, obj, act
p2 = sub, act, eft
[role_definition]
g = _, _
g2 = _, _
[policy_effect]
e = some(where (p.eft == allow))
e2 = !some(where (p.eft == deny))
e3 = priority(p.eft) || deny
[matchers]
m = g(r.sub, p.sub) && r.obj == p.obj && r.act == p.act # a comment
m2 = g2(r2.sub, p2.sub) && \\
     r2.act == p2.act
";

const CSV: &str = "p, cook, stove, use
p2, night, ring, deny
p2, night, sing, allow
g, ann, cook
g2, ann, night";

#[test]
fn a_request_is_decided_by_the_definitions_that_are_named() {
    for enforcer in both(CONF, CSV) {
        let second = |effect, request: &[&str]| {
            enforcer
                .enforce_by(&EnforceContext::new("m2", effect), request)
                .unwrap()
        };
        assert!(enforcer.enforce(&["ann", "stove", "use"]).unwrap());
        assert!(!second("e2", &["ann", "ring"]));
        assert!(second("e2", &["ann", "walk"]));
        assert!(second("e", &["ann", "sing"]) && second("e3", &["ann", "sing"]));
        assert!(!second("e", &["ann", "ring"]) && !second("e3", &["ann", "ring"]));
        assert!(
            enforcer
                .enforce_by(&EnforceContext::numbered(2), &["zoe", "ring"])
                .unwrap()
        );
        refusal(enforcer.enforce_by(&EnforceContext::numbered(2), &["a", "b", "c"]));
        refusal(enforcer.enforce_by(&EnforceContext::numbered(7), &["a", "b", "c"]));
    }
}

#[test]
fn each_has_its_own_path() {
    let enforcer = with(CONF, CSV, |it| it);
    assert_eq!(
        enforcer.path_of(&EnforceContext::numbered(2)),
        Some(&Path::Compiled)
    );
    let ordered = enforcer.path_of(&EnforceContext::new("m2", "e3"));
    assert!(matches!(ordered, Some(Path::Interpreted { because }) if because.contains("order")));
    assert_eq!(enforcer.path_of(&EnforceContext::numbered(9)), None);
}

#[test]
fn a_change_is_seen_by_all() {
    for enforcer in both(CONF, CSV) {
        let other = enforcer.clone();
        assert!(enforcer.add("p2", &["day", "ring", "allow"]).unwrap());
        assert!(enforcer.add("g2", &["ben", "day"]).unwrap());
        let sections = EnforceContext::new("m2", "e");
        assert!(other.enforce_by(&sections, &["ben", "ring"]).unwrap());
        assert!(other.remove("g2", &["ben", "day"]).unwrap());
        assert!(!enforcer.enforce_by(&sections, &["ben", "ring"]).unwrap());
    }
}
