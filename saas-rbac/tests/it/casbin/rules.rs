//! Models of rules and roles.

use saas_rbac::casbin::RoleMatch;

use super::{ALLOW, BOTH, DENY, PRIORITY, cases_hold, check, compiled, conf, with};

const EQUAL: &str = "r.sub == p.sub && r.obj == p.obj && r.act == p.act";

#[test]
fn an_access_control_list() {
    let conf = conf("sub, obj, act", "sub, obj, act", &[], ALLOW, EQUAL);
    assert!(compiled(&with(&conf, "", |it| it)));
    check(
        &conf,
        "p, ann, door, open\np, ben, door, close",
        "ann door open = yes
         ann door close = no
         ben door close = yes
         cy door open = no
         '' '' '' = no",
    );
    // Without a rule the matcher is evaluated once, with empty fields.
    check(&conf, "", "ann door open = no\n '' '' '' = yes");
}

#[test]
fn a_superuser() {
    let matcher = format!("{EQUAL} || r.sub == \"root\"");
    let lists = conf("sub, obj, act", "sub, obj, act", &[], ALLOW, &matcher);
    assert!(compiled(&with(&lists, "", |it| it)));
    let cases = "root door open = yes\nann door open = no";
    check(&lists, "p, ben, door, open", cases);
    check(&lists, "", cases);
    // The superuser matches every rule, those that deny too.
    let denying = conf("sub, obj, act", "sub, obj, act, eft", &[], BOTH, &matcher);
    check(&denying, "p, ben, door, open, allow", "root a b = yes");
    check(
        &denying,
        "p, ben, x, y, deny\np, ann, door, open, allow",
        "root a b = no\nann door open = yes",
    );
}

#[test]
fn without_users_or_without_resources() {
    let users = conf(
        "obj, act",
        "obj, act",
        &[],
        ALLOW,
        "r.obj == p.obj && r.act == p.act",
    );
    check(&users, "p, door, open", "door open = yes\ndoor close = no");
    let resources = conf(
        "sub, act",
        "sub, act",
        &[],
        ALLOW,
        "r.sub == p.sub && r.act == p.act",
    );
    check(
        &resources,
        "p, ann, write",
        "ann write = yes\nben write = no",
    );
}

#[test]
fn roles() {
    let matcher = "g(r.sub, p.sub) && r.obj == p.obj && r.act == p.act";
    let conf = conf("sub, obj, act", "sub, obj, act", &["_, _"], ALLOW, matcher);
    assert!(compiled(&with(&conf, "", |it| it)));
    check(
        &conf,
        "p, cook, stove, use\np, chef, menu, write\ng, chef, cook\ng, ann, chef\ng, ben, cook",
        "ann stove use = yes
         ann menu write = yes
         ben stove use = yes
         ben menu write = no
         cy stove use = no
         cook stove use = yes",
    );
    check(&conf, "g, ann, cook", "ann a b = no\n '' '' '' = yes");
    check(&conf, "g, ann, \"\"", "ann '' '' = yes\nann '' x = no");
}

#[test]
fn roles_of_resources_do_not_mix_with_those_of_subjects() {
    let matcher = "g(r.sub, p.sub) && g2(r.obj, p.obj) && r.act == p.act";
    let conf = conf(
        "sub, obj, act",
        "sub, obj, act",
        &["_, _", "_, _"],
        ALLOW,
        matcher,
    );
    assert!(compiled(&with(&conf, "", |it| it)));
    check(
        &conf,
        "p, cook, tools, use\ng, ann, cook\ng2, knife, tools\ng, spoon, tools\ng2, ben, cook",
        "ann knife use = yes
         ann spoon use = no
         ben knife use = no
         cook tools use = yes",
    );
}

#[test]
fn roles_with_domains() {
    let matcher = "g(r.sub, p.sub, r.dom) && r.dom == p.dom && r.obj == p.obj && r.act == p.act";
    let conf = conf(
        "sub, dom, obj, act",
        "sub, dom, obj, act",
        &["_, _, _"],
        ALLOW,
        matcher,
    );
    assert!(compiled(&with(&conf, "", |it| it)));
    check(
        &conf,
        "p, admin, north, door, open\np, admin, south, door, open\ng, ann, admin, north\ng, ben, admin, south\ng, cy, ann, north",
        "ann north door open = yes
         ann south door open = no
         ben south door open = yes
         cy north door open = yes
         cy west door open = no
         admin south door open = yes",
    );
}

#[test]
fn roles_of_every_domain() {
    let matcher =
        "(g(r.sub, p.sub, r.dom) || g(r.sub, p.sub, \"*\")) && r.dom == p.dom && r.obj == p.obj";
    let conf = conf(
        "sub, dom, obj",
        "sub, dom, obj",
        &["_, _, _"],
        ALLOW,
        matcher,
    );
    check(
        &conf,
        "p, admin, north, door\np, admin, south, door\ng, ann, admin, *\ng, ben, admin, south",
        "ann north door = yes\nann south door = yes\nben north door = no\nben south door = yes",
    );
}

#[test]
fn patterns_in_roles_and_domains() {
    let matcher = "g(r.sub, p.sub) && g2(r.obj, p.obj)";
    let resources = conf("sub, obj", "sub, obj", &["_, _", "_, _"], ALLOW, matcher);
    let enforcer = with(
        &resources,
        "p, clerk, books\ng, ann, clerk\ng2, /book/:id, books",
        |it| it.match_roles("g2", RoleMatch::KeyMatch2),
    );
    assert!(!compiled(&enforcer));
    cases_hold(
        &enforcer,
        "ann /book/1 = yes\nann /book/1/2 = no\nben /book/1 = no\nann /pen/1 = no",
    );

    let matcher = "g(r.sub, p.sub, r.dom) && keyMatch(r.dom, p.dom) && r.obj == p.obj";
    let domains = conf(
        "sub, dom, obj",
        "sub, dom, obj",
        &["_, _, _"],
        ALLOW,
        matcher,
    );
    let csv = "p, admin, *, door\ng, ann, admin, *\ng, ben, admin, north\ng, cy, ben, *";
    let enforcer = with(&domains, csv, |it| {
        it.match_domains("g", RoleMatch::KeyMatch)
    });
    cases_hold(
        &enforcer,
        "ann north door = yes\nann x door = yes\nben south door = no\ncy north door = yes\ncy x door = no",
    );
}

#[test]
fn deny_override_and_allow_and_deny() {
    let matcher = "g(r.sub, p.sub) && r.obj == p.obj";
    let csv = "p, staff, door, allow\np, guest, safe, deny\ng, ann, staff\ng, ann, guest\np, ann, door2, deny\np, staff, door2, allow";
    let only = conf("sub, obj", "sub, obj, eft", &["_, _"], DENY, matcher);
    check(
        &only,
        csv,
        "ann door = yes\nann safe = no\nzoe anything = yes\nann door2 = no",
    );
    let and = conf("sub, obj", "sub, obj, eft", &["_, _"], BOTH, matcher);
    check(
        &and,
        csv,
        "ann door = yes\nann safe = no\nzoe anything = no\nann door2 = no",
    );
    assert!(compiled(&with(&only, "", |it| it)) && compiled(&with(&and, "", |it| it)));
}

#[test]
fn a_rule_without_an_effect_counts_for_nothing() {
    for effect in [ALLOW, DENY, BOTH, PRIORITY] {
        let conf = conf("sub, obj, act", "sub, obj, act, eft", &[], effect, EQUAL);
        let lone = "p, ann, door, open, indeterminate";
        let more = "p, ann, door, open, indeterminate\np, ann, door, open, allow\np, ben, door, open, indeterminate";
        let nobody_denies = if effect == DENY { "yes" } else { "no" };
        check(
            &conf,
            lone,
            &format!("ann door open = {nobody_denies}\n'' '' '' = {nobody_denies}"),
        );
        check(
            &conf,
            more,
            &format!("ann door open = yes\nben door open = {nobody_denies}"),
        );
    }
}

#[test]
fn the_first_rule_decides() {
    let matcher = "g(r.sub, p.sub) && r.obj == p.obj";
    let conf = conf("sub, obj", "sub, obj, eft", &["_, _"], PRIORITY, matcher);
    let csv = "p, ann, door, deny\np, staff, door, allow\np, staff, safe, allow\np, ann, safe, deny\ng, ann, staff\ng, ben, staff";
    assert!(!compiled(&with(&conf, csv, |it| it)));
    check(
        &conf,
        csv,
        "ann door = no\nben door = yes\nann safe = yes\ncy door = no",
    );
}

#[test]
fn the_rule_of_the_smallest_priority_decides() {
    let matcher = "g(r.sub, p.sub) && r.obj == p.obj";
    let conf = conf(
        "sub, obj",
        "priority, sub, obj, eft",
        &["_, _"],
        PRIORITY,
        matcher,
    );
    let csv = "p, 10, staff, door, deny\np, 2, ann, door, allow\np, -1, ben, door, deny\np, 3, ben, door, allow\ng, ann, staff\ng, ben, staff";
    check(&conf, csv, "ann door = yes\nben door = no\nstaff door = no");
    let enforcer = with(&conf, csv, |it| it);
    assert!(enforcer.add("p", &["1", "ann", "door", "deny"]).unwrap());
    cases_hold(&enforcer, "ann door = no");
}

#[test]
fn the_rule_of_the_nearest_subject_decides() {
    let effect = "subjectPriority(p.eft) || deny";
    let matcher = "g(r.sub, p.sub) && r.obj == p.obj";
    let roles = conf("sub, obj", "sub, obj, eft", &["_, _"], effect, matcher);
    check(
        &roles,
        "p, root, door, deny\np, staff, door, allow\np, ann, door, deny\ng, staff, root\ng, ann, staff\ng, ben, staff",
        "ann door = no\nben door = yes\nstaff door = yes\nroot door = no",
    );
    let matcher = "g(r.sub, p.sub, r.dom) && r.dom == p.dom && r.obj == p.obj";
    let domains = conf(
        "sub, dom, obj",
        "sub, dom, obj, eft",
        &["_, _, _"],
        effect,
        matcher,
    );
    check(
        &domains,
        "p, staff, n, door, deny\np, ann, n, door, allow\np, staff, s, door, deny\ng, ann, staff, n\ng, ann, staff, s",
        "ann n door = yes\nann s door = no",
    );
}

#[test]
fn a_rule_is_listed_once_and_removed_once() {
    let conf = conf("sub, obj, act", "sub, obj, act", &[], ALLOW, EQUAL);
    for enforcer in super::both(&conf, "p, ann, door, open\np, ann, door, open") {
        assert!(!enforcer.add("p", &["ann", "door", "open"]).unwrap());
        assert!(enforcer.remove("p", &["ann", "door", "open"]).unwrap());
        assert!(!enforcer.remove("p", &["ann", "door", "open"]).unwrap());
        assert!(!enforcer.enforce(&["ann", "door", "open"]).unwrap());
        assert!(enforcer.policy().is_empty());
    }
}
