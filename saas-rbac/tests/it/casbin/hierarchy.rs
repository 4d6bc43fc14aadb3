//! Roles of roles, and what they may not be.

use saas_rbac::casbin::{Model, Policy};

use super::{ALLOW, both, cases_hold, conf, refusal, with};

fn roles() -> String {
    let matcher = "g(r.sub, p.sub) && r.obj == p.obj";
    conf("sub, obj", "sub, obj", &["_, _"], ALLOW, matcher)
}

/// A chain of so many links below `r0`.
fn chain(links: usize) -> String {
    let links: Vec<String> = (0..links)
        .map(|at| format!("g, r{}, r{at}\n", at + 1))
        .collect();
    links.concat()
}

#[test]
fn rba_03_a_circle_is_refused_and_named() {
    for csv in [
        "g, a, a",
        "g, a, b\ng, b, a",
        "g, x, a\ng, a, b\ng, b, c\ng, c, a\ng, c, d",
        &(chain(9) + "g, r0, r9"),
    ] {
        let text = refusal(Policy::from_csv(csv, &Model::parse(&roles()).unwrap()));
        assert!(text.contains("circle") && text.contains("->"), "{text}");
    }
    for enforcer in both(&roles(), "p, c, o\ng, a, b\ng, b, c") {
        let text = refusal(enforcer.add("g", &["c", "a"]));
        assert!(text.contains("`c` -> `a` -> `b` -> `c`"), "{text}");
        refusal(enforcer.add("g", &["new", "new"]));
        cases_hold(&enforcer, "a o = yes");
        assert!(enforcer.remove("g", &["b", "c"]).unwrap());
        assert!(enforcer.add("g", &["c", "a"]).unwrap());
        cases_hold(&enforcer, "a o = no\nc o = yes");
    }
}

#[test]
fn rba_04_ten_links_count_and_eleven_are_refused() {
    for enforcer in both(&roles(), &format!("p, r0, o\n{}", chain(10))) {
        cases_hold(&enforcer, "r10 o = yes\nr1 o = yes");
        for link in [["r11", "r10"], ["r0", "top"]] {
            let text = refusal(enforcer.add("g", &link));
            assert!(text.contains("10 links"), "{text}");
        }
        assert!(enforcer.add("g", &["r11", "r9"]).unwrap());
        cases_hold(&enforcer, "r11 o = yes");
    }
    let text = refusal(Policy::from_csv(
        &chain(11),
        &Model::parse(&roles()).unwrap(),
    ));
    assert!(text.contains("10 links"), "{text}");
}

#[test]
fn links_of_different_domains_make_no_circle() {
    let matcher = "g(r.sub, p.sub, r.dom) && r.obj == p.obj";
    let conf = conf("sub, dom, obj", "sub, obj", &["_, _, _"], ALLOW, matcher);
    for enforcer in both(&conf, "p, b, o\ng, a, b, x\ng, b, a, y") {
        cases_hold(&enforcer, "a x o = yes\na y o = no\nb z o = yes");
    }
}

#[test]
fn who_is_below_a_role_follows_it() {
    let enforcer = with(&roles(), "p, top, o\ng, ann, low\ng, low, mid", |it| it);
    cases_hold(&enforcer, "ann o = no");
    enforcer.add("g", &["mid", "top"]).unwrap();
    cases_hold(&enforcer, "ann o = yes\nlow o = yes\nmid o = yes");
    enforcer.remove("g", &["low", "mid"]).unwrap();
    cases_hold(&enforcer, "ann o = no\nlow o = no\nmid o = yes");
}
