//! Many rules.

use std::fmt::Write as _;

use saas_rbac::casbin::Enforcer;

use super::{ALLOW, compiled, conf, with};

const DOMAINS: u32 = 1_000;
const ROLES: u32 = 100;

/// So many rules, and a user for each.
fn world(count: u32) -> Enforcer {
    let matcher = "g(r.sub, p.sub, r.dom) && r.dom == p.dom && r.obj == p.obj && r.act == p.act";
    let fields = "sub, dom, obj, act";
    let conf = conf(fields, fields, &["_, _, _"], ALLOW, matcher);
    let mut csv = String::new();
    for at in 0..count {
        let (role, domain) = (at % ROLES, at % DOMAINS);
        writeln!(csv, "p, role{role}, dom{domain}, obj{at}, read").unwrap();
        writeln!(csv, "g, user{at}, role{role}, dom{domain}").unwrap();
    }
    with(&conf, &csv, |it| it)
}

fn request(at: u32) -> [String; 4] {
    [
        format!("user{at}"),
        format!("dom{}", at % DOMAINS),
        format!("obj{at}"),
        "read".into(),
    ]
}

#[test]
fn rba_25_many_rules_are_decided_like_few() {
    let count = 20_000;
    let enforcer = world(count);
    assert!(compiled(&enforcer));
    for at in (0..count).step_by(37) {
        let mut request = request(at);
        assert!(enforcer.enforce(&request).unwrap());
        // Another with the same role in the same domain has the right too, one elsewhere not.
        request[0] = format!("user{}", (at + DOMAINS) % count);
        assert!(enforcer.enforce(&request).unwrap());
        request[0] = format!("user{}", (at + 1) % count);
        assert!(!enforcer.enforce(&request).unwrap());
    }
}

#[test]
fn decisions_go_on_while_rules_change() {
    let enforcer = world(100);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            let enforcer = enforcer.clone();
            scope.spawn(move || {
                for at in (0..100).cycle().take(5_000) {
                    assert!(enforcer.enforce(&request(at)).unwrap());
                    assert!(!enforcer.enforce(&["x", "dom1", "never", "read"]).unwrap());
                }
            });
        }
        for at in 0..500 {
            let user = format!("new{at}");
            assert!(enforcer.add("g", &[&user, "role1", "dom1"]).unwrap());
            assert!(enforcer.enforce(&[&*user, "dom1", "obj1", "read"]).unwrap());
            assert!(enforcer.remove("g", &[&user, "role1", "dom1"]).unwrap());
            assert!(!enforcer.enforce(&[&*user, "dom1", "obj1", "read"]).unwrap());
        }
    });
}
