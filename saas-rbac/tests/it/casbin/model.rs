//! What is refused in a model, and where.

use saas_rbac::casbin::Model;

use super::{ALLOW, conf, refusal, with};

const GOOD: &str = "[request_definition]
r = sub, obj

[policy_definition]
p = sub, obj
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.sub == p.sub && r.obj == p.obj
";

#[test]
fn faults_are_named_with_their_line() {
    for (from, to, why) in [
        (
            "[matchers]",
            "[matcher]",
            "line 8: the section `[matcher]` is unknown",
        ),
        ("[policy_effect]", "[matchers]", "line 7: `e` is not a key"),
        (
            "[policy_effect]",
            "[policy_definition]",
            "line 6: the section `[policy_definition]` is given twice",
        ),
        (
            "[request_definition]\n",
            "",
            "line 1: a definition stands before any section",
        ),
        (
            "r = sub, obj",
            "",
            "the section `[request_definition]` is missing",
        ),
        (
            "r = sub, obj",
            "r = sub, obj\nr = sub",
            "line 3: `r` is given twice",
        ),
        ("r = sub, obj", "r = sub, obj\nr3 = sub", "`r2` is missing"),
        (
            "r = sub, obj",
            "r = sub, obj\nr02 = sub",
            "line 3: `r02` is not a key",
        ),
        (
            "r = sub, obj",
            "r = sub, sub",
            "line 2: `r`: the field `sub` is given twice",
        ),
        (
            "r = sub, obj",
            "r = sub, o bj",
            "line 2: `r`: `o bj` is not the name of a field",
        ),
        (
            "r = sub, obj",
            "r = sub,",
            "line 2: `r`: `` is not the name of a field",
        ),
        ("r = sub, obj", "r =", "line 2: `r` is empty"),
        (
            "r = sub, obj",
            "r",
            "line 2: `r` is neither a section nor a definition",
        ),
        (
            "allow))",
            "deny))",
            "line 7: `e`: the effect `some(where (p.eft == deny))` is none of",
        ),
        ("p.eft", "p2.eft", "line 7: `e`: the effect"),
        (
            "some(",
            "subjectPriority(p.eft) || deny # ",
            "sorted by their subject",
        ),
        (
            "r.obj",
            "r.object",
            "line 9: `m`: `r.object` is not defined",
        ),
        (
            "r.obj",
            "r2.obj",
            "line 9: `m`: a matcher is about one request",
        ),
        ("r.obj", "x.obj", "line 9: `m`: `x` is not a section"),
        (
            "r.obj ",
            "p.obj.name ",
            "line 9: `m`: `p.obj` is a text, which has no `name`",
        ),
        (
            "r.obj",
            "g(r.sub, p.sub)",
            "line 9: `m`: `g` is neither a function nor a role",
        ),
        (
            "r.obj ",
            "keyMatch(r.obj) ",
            "line 9: `m`: `keyMatch` takes 2 arguments and is given 1",
        ),
        (
            "r.obj ",
            "regexMatch(r.obj, '[') ",
            "line 9: `m`: `regexMatch`: `[` is not a pattern",
        ),
        (
            "r.obj ",
            "r.obj =~ ",
            "line 9: `m`: the operator `=~` is not supported",
        ),
        ("r.obj ", "r.obj ? ", "the operator `?` is not supported"),
        ("r.obj ", "'r.obj ", "does not end"),
        (
            "r.obj ",
            "r.obj == r.sub ",
            "line 9: `m`: `==` is not expected",
        ),
        ("r.obj", "eval(r.obj)", "`eval` takes a field of a rule"),
        (
            "r.obj ",
            "eval(p.obj) && r.obj ",
            "`p.obj` is evaluated, and used besides",
        ),
        ("r.obj", "1..2", "`1..2` is not a number"),
        ("r.obj", "r.obj{", "`{` is not expected"),
        ("p.obj\n", "p.obj \\", "the last line is not complete"),
        ("p.obj\n", "(p.obj", "not complete"),
        ("p.obj\n", "p.obj)", "`)` is not expected"),
    ] {
        assert!(GOOD.contains(from));
        let text = refusal(Model::parse(&GOOD.replacen(from, to, 1)));
        assert!(text.contains(why), "{to}: {text}");
    }
    Model::parse(GOOD).unwrap();
}

#[test]
fn the_form_is_that_of_casbin() {
    let model = "\u{feff}# comment\n; comment\r\n[request_definition]\r\nr=sub,obj # fields\n[policy_definition]\np = sub , obj ; fields\n[role_definition]\ng = _,_\n[policy_effect]\ne = some( where (p_eft==allow) )\n[matchers]\nm = g(r.sub, p.sub) && \\\n    r.obj == p.obj || r.sub == '#1'";
    let enforcer = with(model, "p, a, b", |it| it);
    assert!(super::compiled(&enforcer));
    assert!(enforcer.enforce(&["#1", "x"]).unwrap());
}

#[test]
fn roles_are_those_that_casbin_decides() {
    for role in ["_", "_, _, _, _", "_, _, (_, _)", "a, b"] {
        let text = refusal(Model::parse(&conf(
            "sub",
            "sub",
            &[role],
            ALLOW,
            "r.sub == p.sub",
        )));
        assert!(text.contains("line 6: `g`"), "{text}");
    }
    let text = refusal(Model::parse(&conf(
        "sub",
        "sub",
        &["_, _, _"],
        ALLOW,
        "g(r.sub, p.sub)",
    )));
    assert!(text.contains("`g` takes 3 arguments"), "{text}");
}

#[test]
fn parentheses_do_not_keep_a_model_from_being_compiled() {
    let matcher = "((r.sub == p.sub) && (r.obj == p.obj)) || (r.sub == 'a' || (r.sub == 'b'))";
    let enforcer = with(
        &conf("sub, obj", "sub, obj", &[], ALLOW, matcher),
        "",
        |it| it,
    );
    assert!(super::compiled(&enforcer));
    assert!(enforcer.enforce(&["b", "x"]).unwrap());
}

#[test]
fn the_path_says_why() {
    for (matcher, why) in [
        ("keyMatch(r.obj, p.obj)", "calls `keyMatch`"),
        ("r.sub == p.sub && r.obj != p.obj", "does more than"),
        ("r.sub == p.sub || r.obj == p.obj", "more than one way"),
        ("r.sub == r.obj", "does more than"),
        ("r.sub == 'x'", "does not look at the rule"),
        ("r.sub == p.sub && r.obj == p.sub", "twice"),
        ("g(r.sub, 'x') && r.obj == p.obj", "does more than"),
    ] {
        let conf = conf("sub, obj", "sub, obj", &["_, _"], ALLOW, matcher);
        let path = format!("{:?}", with(&conf, "", |it| it).path());
        assert!(path.contains(why), "{matcher}: {path}");
    }
}
