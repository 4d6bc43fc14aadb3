//! The rules of a tenant, compiled: what everybody holds, known beforehand.
//!
//! The model is fixed and role-shaped, so what a caller may do is known as soon as the rules are: what the
//! roles allow, less what any of them denies, within what the edition has. A decision is one look-up of the
//! caller and one bit, however many rules there are. A property test holds it to casbin's own answers.

use std::collections::HashMap;

use super::{
    Bits,
    graph::{Graph, Held},
    hash::ByItself,
};
use crate::Subject;

/// What everybody in one tenant holds.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    /// Of each holder, the place in `sets`.
    holders: HashMap<Subject, u32, ByItself>,
    /// Most people hold what many others do as well.
    sets: Vec<Held>,
}

impl Snapshot {
    pub(crate) fn compile(graph: &Graph) -> Self {
        let mut snapshot = Self::default();
        let mut known: HashMap<Vec<usize>, u32> = HashMap::new();
        for (subject, own) in graph.holders() {
            let mut own = own.clone();
            own.sort_unstable();
            own.dedup();
            let at = *known.entry(own).or_insert_with_key(|own| {
                let at = u32::try_from(snapshot.sets.len()).unwrap_or(u32::MAX);
                snapshot.sets.push(graph.held(own));
                at
            });
            snapshot.holders.insert(*subject, at);
        }
        snapshot.holders.shrink_to_fit();
        snapshot
    }

    /// Gives what somebody holds; none when that is no role at all.
    pub(crate) fn of(&self, subject: Subject) -> Option<&Held> {
        let at = *self.holders.get(&subject)?;
        let held = self.sets.get(usize::try_from(at).ok()?)?;
        (!held.roles.is_empty()).then_some(held)
    }

    pub(crate) fn permissions_of(&self, subject: Subject) -> Option<&Bits> {
        self.of(subject).map(|held| &held.permissions)
    }
}

#[cfg(test)]
mod tests {
    use casbin::{CoreApi as _, DefaultModel, Enforcer, MemoryAdapter, MgmtApi as _};
    use proptest::{prelude::*, strategy::ValueTree as _};
    use saas_core::{Id, UserId};

    use super::*;
    use crate::{
        Permission, PermissionInfo, Presets,
        policy::{lines, store::PolicyRule},
    };

    /// Nine permissions on three things.
    struct Can(usize);

    const NAMES: [&str; 9] = [
        "a:read", "a:write", "a:delete", "b:read", "b:write", "b:delete", "c:read", "c:write",
        "c:delete",
    ];

    const fn info(name: &'static str) -> PermissionInfo {
        PermissionInfo {
            name,
            description: "",
            group: "",
        }
    }

    impl Permission for Can {
        const ALL: &'static [PermissionInfo] = &{
            let mut all = [info(""); 9];
            let mut at = 0;
            while at < 9 {
                all[at] = info(NAMES[at]);
                at += 1;
            }
            all
        };

        fn name(&self) -> &'static str {
            NAMES[self.0]
        }

        fn index(&self) -> usize {
            self.0
        }
    }

    const USERS: usize = 4;

    /// A line of a policy, by numbers.
    #[derive(Debug, Clone, PartialEq)]
    enum Line {
        Rule(usize, usize, bool),
        /// The first inherits the second, which has the smaller number.
        Inherit(usize, usize),
        Holds(usize, usize),
        InGroup(usize, usize),
        GroupHolds(usize, usize),
    }

    fn line() -> impl Strategy<Value = Line> {
        prop_oneof![
            6 => (0..5_usize, 0..9_usize, prop::bool::weighted(0.8)).prop_map(|(role, permission, allow)| Line::Rule(role, permission, allow)),
            2 => (1..5_usize, 0..5_usize).prop_map(|(role, parent)| Line::Inherit(role, parent % role)),
            3 => (0..USERS, 0..5_usize).prop_map(|(user, role)| Line::Holds(user, role)),
            2 => (0..USERS, 0..2_usize).prop_map(|(user, group)| Line::InGroup(user, group)),
            1 => (0..2_usize, 0..5_usize).prop_map(|(group, role)| Line::GroupHolds(group, role)),
        ]
    }

    struct People {
        users: Vec<UserId>,
        groups: Vec<String>,
    }

    impl People {
        fn row(&self, line: &Line) -> PolicyRule {
            let role = |number: &usize| lines::role(&format!("r{number}"));
            let grouping = |member: String, of: String| [member, of, "t".into(), String::new()];
            let (ptype, [v0, v1, v2, v3], v4) = match line {
                Line::Rule(number, permission, allow) => {
                    let (object, action) = lines::parts(NAMES[*permission]);
                    let effect = if *allow { "allow" } else { "deny" };
                    (
                        "p",
                        [role(number), "t".into(), object.into(), action.into()],
                        effect,
                    )
                }
                Line::Inherit(child, parent) => ("g", grouping(role(child), role(parent)), ""),
                Line::Holds(user, number) => ("g", grouping(self.user(*user), role(number)), ""),
                Line::InGroup(user, group) => (
                    "g",
                    grouping(self.user(*user), self.groups[*group].clone()),
                    "",
                ),
                Line::GroupHolds(group, number) => {
                    ("g", grouping(self.groups[*group].clone(), role(number)), "")
                }
            };
            PolicyRule {
                id: Id::generate(),
                tenant_id: Id::generate(),
                ptype: ptype.to_owned(),
                v0,
                v1,
                v2,
                v3,
                v4: v4.to_owned(),
            }
        }

        fn user(&self, number: usize) -> String {
            Subject::User(self.users[number]).to_string()
        }
    }

    fn of_casbin(row: &PolicyRule) -> Vec<String> {
        let mut line = vec![row.v0.clone(), row.v1.clone(), row.v2.clone()];
        if row.ptype == "p" {
            line.extend([row.v3.clone(), row.v4.clone()]);
        }
        line
    }

    /// Asks both about everything.
    fn agree(people: &People, lines: &[Line], enforcer: &Enforcer) -> Result<usize, TestCaseError> {
        let presets = Presets::new::<Can>();
        let mut graph = Graph::new(&presets);
        for line in lines {
            graph.add(&people.row(line));
        }
        let snapshot = Snapshot::compile(&graph);
        for (number, user) in people.users.iter().enumerate() {
            let held = snapshot.permissions_of(Subject::User(*user));
            for (bit, name) in NAMES.iter().enumerate() {
                let (object, action) = lines::parts(name);
                let request = (people.user(number), "t", object, action);
                let ours = held.is_some_and(|held| held.contains(bit));
                prop_assert_eq!(ours, enforcer.enforce(request).unwrap(), "{}", name);
            }
        }
        Ok(people.users.len() * NAMES.len())
    }

    /// Random rules, and after each of a random sequence of changes: 100,000 decisions and more.
    #[test]
    fn rba_16_17_g9_the_snapshot_answers_as_casbin_does() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let mut decisions = 0;
        let mut runner = proptest::test_runner::TestRunner::default();
        let begin = prop::collection::vec(line(), 0..25);
        let changes =
            prop::collection::vec((line(), any::<prop::sample::Index>(), any::<bool>()), 9);
        while decisions < 100_000 {
            let policy = (&begin, &changes);
            let (mut lines, changes) = policy.new_tree(&mut runner).unwrap().current();
            // The database has each line once, with one effect.
            let same = |a: &Line, b: &Line| match (a, b) {
                (Line::Rule(a, b, _), Line::Rule(c, d, _)) => (a, b) == (c, d),
                _ => a == b,
            };
            let mut distinct: Vec<Line> = Vec::new();
            for line in lines.drain(..) {
                if !distinct.iter().any(|other| same(other, &line)) {
                    distinct.push(line);
                }
            }
            let mut lines = distinct;
            let people = People {
                users: (0..USERS).map(|_| Id::generate()).collect(),
                groups: (0..2)
                    .map(|_| Subject::Group(Id::generate()).to_string())
                    .collect(),
            };
            runtime.block_on(async {
                let model = DefaultModel::from_str(lines::MODEL).await.unwrap();
                let mut enforcer = Enforcer::new(model, MemoryAdapter::default())
                    .await
                    .unwrap();
                for line in &lines {
                    add(&mut enforcer, &people.row(line)).await;
                }
                decisions += agree(&people, &lines, &enforcer).unwrap();
                for (new, index, adds) in changes {
                    if adds && !lines.iter().any(|line| same(line, &new)) {
                        add(&mut enforcer, &people.row(&new)).await;
                        lines.push(new);
                    } else if !adds && !lines.is_empty() {
                        let old = lines.remove(index.index(lines.len()));
                        let row = people.row(&old);
                        let line = of_casbin(&row);
                        if row.ptype == "p" {
                            enforcer.remove_policy(line).await.unwrap();
                        } else {
                            enforcer.remove_grouping_policy(line).await.unwrap();
                        }
                    }
                    decisions += agree(&people, &lines, &enforcer).unwrap();
                }
            });
        }
        println!("{decisions} decisions, all as casbin's");
    }

    async fn add(enforcer: &mut Enforcer, row: &PolicyRule) {
        let line = of_casbin(row);
        if row.ptype == "p" {
            enforcer.add_policy(line).await.unwrap();
        } else {
            enforcer.add_grouping_policy(line).await.unwrap();
        }
    }

    #[test]
    fn rba_03_a_cycle_of_roles_ends() {
        let people = People {
            users: vec![Id::generate()],
            groups: Vec::new(),
        };
        let presets = Presets::new::<Can>();
        let mut graph = Graph::new(&presets);
        for line in [
            Line::Holds(0, 1),
            Line::Inherit(1, 2),
            Line::Inherit(2, 1),
            Line::Rule(2, 0, true),
        ] {
            graph.add(&people.row(&line));
        }
        let snapshot = Snapshot::compile(&graph);
        let held = snapshot.of(Subject::User(people.users[0])).unwrap();
        assert_eq!(held.roles, ["r1", "r2"]);
        assert!(held.permissions.contains(0));
        assert!(graph.is_cyclic("r1"));
        assert!(graph.depth() > 8);
    }
}
