//! Every combination of what can be the case, held against what must be true of any policy.

use super::*;

const NOW: i64 = 1_000_000;
const DAY: Duration = Duration::from_secs(86_400);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_secs(seconds).unwrap()
}

/// Every membership: active or not, without a rule or with one of each kind, enforced or not yet.
fn members() -> Vec<Member> {
    let rules = Requirement::ALL.into_iter().flat_map(|requirement| {
        [NOW, NOW + 1].map(|enforced| Rule {
            requirement,
            enforced_at: at(enforced),
        })
    });
    let rules = rules.map(|rule| vec![rule]).chain([vec![]]);
    let of = |is_active| move |rules: Vec<Rule>| Member { is_active, rules };
    let active: Vec<_> = rules.clone().map(of(true)).collect();
    active
        .into_iter()
        .chain(rules.take(1).map(of(false)))
        .collect()
}

/// Calls with every set of facts, and tells how many there were.
fn every(mut check: impl FnMut(&Facts<'_>)) -> usize {
    let mut count = 0;
    let mut sets = vec![vec![]];
    for one in members() {
        sets.push(vec![one.clone()]);
        for other in members() {
            sets.push(vec![one.clone(), other]);
        }
    }
    for memberships in &sets {
        for (totp, passkey) in [(false, false), (true, false), (false, true), (true, true)] {
            for level in Level::ALL {
                for asked in Level::ALL {
                    // By the ways alone, with a code by mail, and on a device that is remembered.
                    let least = [Strength::Single, Strength::Mailed, Strength::Aal2];
                    for (max_age, least) in [None, Some(DAY), Some(DAY * 3)]
                        .into_iter()
                        .flat_map(|age| least.map(|least| (age, least)))
                    {
                        check(&Facts {
                            memberships,
                            factors: Factors { totp, passkey },
                            level,
                            standing: Strength::of(level).max(least),
                            authenticated_at: at(NOW).saturating_sub(DAY * 2),
                            asked: Asked {
                                level: asked,
                                max_age,
                            },
                            now: at(NOW),
                        });
                        count += 1;
                    }
                }
            }
        }
    }
    count
}

fn is_old(facts: &Facts<'_>) -> bool {
    facts
        .asked
        .max_age
        .is_some_and(|age| facts.now.since(facts.authenticated_at) >= age)
}

fn rules<'a>(facts: &Facts<'a>) -> impl Iterator<Item = &'a Rule> + use<'a> {
    facts.memberships.iter().flat_map(|member| &member.rules)
}

#[test]
fn nobody_goes_on_who_is_no_member_or_is_kept_out() {
    let count = every(|facts| {
        let none = facts.memberships.is_empty();
        let out = facts.memberships.iter().any(|member| !member.is_active);
        assert_eq!(decide(facts) == Decision::Deny, none || out, "{facts:?}");
    });
    assert!(count > 5_000, "{count}");
}

#[test]
fn nobody_goes_on_below_a_rule_that_is_enforced_or_a_route() {
    every(|facts| {
        if decide(facts) == Decision::Allow {
            assert!(!is_old(facts), "{facts:?}");
            assert!(facts.level >= facts.asked.level, "{facts:?}");
            let mut due = rules(facts).filter(|rule| rule.enforced_at <= facts.now);
            assert!(
                due.all(|rule| facts.standing >= rule.requirement.strength()),
                "{facts:?}"
            );
        }
    });
}

#[test]
fn whoever_has_a_second_factor_is_always_asked_for_it() {
    every(|facts| {
        if facts.factors != Factors::default() && facts.standing < Strength::Aal2 {
            assert_ne!(decide(facts), Decision::Allow, "{facts:?}");
        }
    });
}

#[test]
fn a_remembered_device_is_no_passkey_and_nothing_to_a_route() {
    every(|facts| {
        if facts.standing > Strength::of(facts.level) && decide(facts) == Decision::Allow {
            assert!(facts.level >= facts.asked.level, "{facts:?}");
            let mut due = rules(facts).filter(|rule| rule.enforced_at <= facts.now);
            assert!(
                due.all(|rule| rule.requirement < Requirement::Passkey),
                "{facts:?}"
            );
        }
    });
    let of = |methods: &[&str]| {
        let methods: Vec<_> = methods.iter().map(|method| (*method).to_owned()).collect();
        standing(&methods)
    };
    assert_eq!(of(&["pwd", "device"]), Strength::Aal2);
    assert_eq!(of(&["pop", "uv", "device"]), Strength::PhishingResistant);
    // Alone it is nothing.
    assert_eq!(of(&["device"]), Strength::Single);
    assert_eq!(of(&["pwd"]), Strength::Single);
}

#[test]
fn a_code_by_mail_is_asked_before_all_else_of_those_who_have_no_factor_and_of_nobody_else() {
    every(|facts| {
        let decision = decide(facts);
        let ruled = rules(facts).any(|rule| rule.requirement == Requirement::Email);
        let has_none = facts.factors == Factors::default();
        let asked = ruled && has_none && facts.standing < Strength::Mailed;
        let other = matches!(decision, Decision::Deny) || is_old(facts);
        assert_eq!(decision == Decision::Mail, asked && !other, "{facts:?}");
        if decision == Decision::Mail {
            let entered = Facts {
                standing: Strength::Mailed,
                ..facts.clone()
            };
            assert_ne!(decide(&entered), Decision::Mail, "{facts:?}");
        }
    });
}

#[test]
fn a_code_by_mail_is_no_level_and_no_second_factor() {
    every(|facts| {
        if facts.standing == Strength::Mailed && decide(facts) == Decision::Allow {
            assert!(facts.asked.level == Level::Aal1, "{facts:?}");
            assert!(facts.factors == Factors::default(), "{facts:?}");
            let mut due = rules(facts).filter(|rule| rule.enforced_at <= facts.now);
            assert!(
                due.all(|rule| rule.requirement <= Requirement::Email),
                "{facts:?}"
            );
        }
    });
    let of = |methods: &[&str]| {
        let methods: Vec<_> = methods.iter().map(|method| (*method).to_owned()).collect();
        (Level::of(&methods), proven(&methods))
    };
    assert_eq!(of(&["pwd", "email"]), (Level::Aal1, Strength::Mailed));
    // Alone it is nothing, and beside another it adds nothing.
    assert_eq!(of(&["email"]), (Level::Aal1, Strength::Single));
    assert_eq!(of(&["pwd", "otp", "email"]), (Level::Aal2, Strength::Aal2));
    assert_eq!(of(&["pwd", "device"]), (Level::Aal1, Strength::Single));
}

#[test]
fn whoever_has_proven_all_that_is_asked_goes_on() {
    every(|facts| {
        let enough = facts.level >= facts.asked.level
            && rules(facts).all(|rule| facts.standing >= rule.requirement.strength())
            && facts.standing >= Strength::of(facts.factors.reach().min(Level::Aal2));
        let member = !facts.memberships.is_empty()
            && facts.memberships.iter().all(|member| member.is_active);
        if enough && member && !is_old(facts) {
            assert_eq!(decide(facts), Decision::Allow, "{facts:?}");
        }
    });
}

#[test]
fn what_is_to_be_proven_can_be_and_then_leads_on() {
    every(|facts| {
        if let Decision::StepUp(level) = decide(facts) {
            assert!(level <= facts.factors.reach(), "{facts:?}");
            let proven = Facts {
                level: level.max(facts.level),
                standing: Strength::of(level).max(facts.standing),
                authenticated_at: facts.now,
                ..facts.clone()
            };
            let then = decide(&proven);
            assert!(!matches!(then, Decision::StepUp(_)), "{facts:?}: {then:?}");
        }
    });
}

#[test]
fn what_is_to_be_enrolled_is_missing_and_then_leads_on() {
    every(|facts| {
        if let Decision::Enrol(level) = decide(facts) {
            assert!(level > facts.factors.reach(), "{facts:?}");
            // Nobody enrols a factor who has not proven those that there are.
            assert!(facts.level >= facts.factors.reach(), "{facts:?}");
            let enrolled = Facts {
                factors: Factors {
                    totp: true,
                    passkey: level == Level::PhishingResistant,
                },
                level,
                standing: Strength::of(level),
                ..facts.clone()
            };
            // A rule that is not enforced yet counts for who can fulfil it.
            let then = decide(&enrolled);
            assert_eq!(then, Decision::Allow, "{facts:?}");
        }
    });
}

#[test]
fn another_membership_never_lets_anybody_go_on() {
    every(|facts| {
        if decide(facts) == Decision::Allow {
            return;
        }
        for more in members() {
            let memberships: Vec<_> = facts.memberships.iter().cloned().chain([more]).collect();
            if facts.memberships.is_empty() {
                continue;
            }
            let stricter = Facts {
                memberships: &memberships,
                ..facts.clone()
            };
            assert_ne!(decide(&stricter), Decision::Allow, "{stricter:?}");
        }
    });
}
