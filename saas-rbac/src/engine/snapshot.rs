//! The rules of a tenant, compiled.
//!
//! The model is fixed and role-shaped, so what a user may do is known as soon as the rules are: the
//! union of what the roles allow, less what any of them denies. A property test holds the snapshot
//! to casbin's own answers.

use std::collections::{BTreeSet, HashMap};

use casbin::{Enforcer, MgmtApi as _};
use saas_core::UserId;

/// What every user of one tenant holds.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    users: HashMap<UserId, Grants>,
}

/// What a role allows, and what it denies.
type Effects = (BTreeSet<String>, BTreeSet<String>);

#[derive(Debug, Default)]
struct Grants {
    roles: Vec<String>,
    /// Sorted names.
    permissions: Vec<Box<str>>,
}

impl Snapshot {
    pub(crate) fn compile(enforcer: &Enforcer) -> Self {
        let (groupings, rules) = (enforcer.get_grouping_policy(), enforcer.get_policy());
        let mut roles: HashMap<&str, Effects> = HashMap::new();
        for rule in &rules {
            let [subject, _, object, action, effect] = rule.as_slice() else {
                continue;
            };
            let (allowed, denied) = roles.entry(subject).or_default();
            let set = if effect == "allow" { allowed } else { denied };
            set.insert(format!("{object}:{action}"));
        }
        let mut members: HashMap<&str, Vec<&str>> = HashMap::new();
        for grouping in &groupings {
            if let [member, role, _] = grouping.as_slice() {
                members.entry(member).or_default().push(role);
            }
        }
        let mut users = HashMap::new();
        for subject in members.keys() {
            let Some(user) = subject.strip_prefix("user:").and_then(|id| id.parse().ok()) else {
                continue;
            };
            let held = reachable(subject, &members);
            let union = |which: fn(&Effects) -> &BTreeSet<String>| {
                held.iter()
                    .filter_map(|role| roles.get(role))
                    .flat_map(move |sets| which(sets).iter().cloned())
            };
            let denied: BTreeSet<String> = union(|sets| &sets.1).collect();
            let allowed: BTreeSet<String> = union(|sets| &sets.0)
                .filter(|name| !denied.contains(name))
                .collect();
            let names = held
                .iter()
                .filter_map(|role| role.strip_prefix("role:"))
                .map(ToOwned::to_owned);
            users.insert(
                user,
                Grants {
                    roles: names.collect(),
                    permissions: allowed.into_iter().map(Into::into).collect(),
                },
            );
        }
        Self { users }
    }

    pub(crate) fn knows(&self, user: UserId) -> bool {
        self.users.contains_key(&user)
    }

    pub(crate) fn allows(&self, user: UserId, permission: &str) -> bool {
        self.users.get(&user).is_some_and(|grants| {
            grants
                .permissions
                .binary_search_by(|held| (**held).cmp(permission))
                .is_ok()
        })
    }

    pub(crate) fn held_by(&self, user: UserId) -> (Vec<String>, Vec<String>) {
        self.users
            .get(&user)
            .map_or_else(Default::default, |grants| {
                (
                    grants.roles.clone(),
                    grants.permissions.iter().map(ToString::to_string).collect(),
                )
            })
    }
}

/// How many roles deep casbin looks.
const MAX_DEPTH: usize = 10;

/// Gives the roles that a subject has, through other roles too, itself included. Cycles end because
/// each role is visited once.
fn reachable<'a>(subject: &'a str, members: &HashMap<&'a str, Vec<&'a str>>) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::from([subject]);
    let mut edge = vec![subject];
    for _ in 0..MAX_DEPTH {
        let next: Vec<&str> = edge
            .iter()
            .filter_map(|at| members.get(at))
            .flatten()
            .copied()
            .collect();
        edge = next.into_iter().filter(|role| found.insert(role)).collect();
        if edge.is_empty() {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use casbin::{CoreApi as _, DefaultModel, MemoryAdapter};
    use proptest::prelude::*;
    use saas_core::Id;

    use super::*;
    use crate::policy::model::MODEL;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn rba_16_17_the_snapshot_answers_as_casbin_does(
            rules in prop::collection::vec((0_u8..4, 0_u8..3, 0_u8..3, prop::bool::weighted(0.8)), 0..20),
            memberships in prop::collection::vec((0_usize..4, 0_u8..4), 0..10),
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let users: Vec<UserId> = (0..4).map(|_| Id::generate()).collect();
            let enforcer = runtime.block_on(async {
                let model = DefaultModel::from_str(MODEL).await.unwrap();
                let mut enforcer = Enforcer::new(model, MemoryAdapter::default()).await.unwrap();
                for (role, object, action, allow) in &rules {
                    let effect = if *allow { "allow" } else { "deny" };
                    let rule = [format!("role:{role}"), "t".into(), format!("o{object}"), format!("a{action}"), effect.into()];
                    let _ = enforcer.add_policy(rule.to_vec()).await.unwrap();
                }
                for (user, role) in &memberships {
                    let rule = vec![format!("user:{}", users[*user]), format!("role:{role}"), "t".into()];
                    let _ = enforcer.add_grouping_policy(rule).await.unwrap();
                }
                enforcer
            });
            let snapshot = Snapshot::compile(&enforcer);
            for user in &users {
                for object in 0..3 {
                    for action in 0..3 {
                        let request = (format!("user:{user}"), "t", format!("o{object}"), format!("a{action}"));
                        let expected = enforcer.enforce(request).unwrap();
                        prop_assert_eq!(snapshot.allows(*user, &format!("o{object}:a{action}")), expected);
                    }
                }
            }
        }
    }

    #[test]
    fn rba_03_a_cycle_of_roles_ends() {
        let members = HashMap::from([
            ("user:a", vec!["role:x"]),
            ("role:x", vec!["role:y"]),
            ("role:y", vec!["role:x"]),
        ]);
        assert_eq!(reachable("user:a", &members).len(), 3);
    }
}
