//! The rules of a tenant, as they hang together: who holds which role, which role inherits which, what each
//! allows and denies.

use std::collections::{BTreeMap, HashMap, VecDeque};

use saas_core::Id;

use crate::{
    Group, Presets, Subject,
    engine::Bits,
    policy::{lines, store::PolicyRule},
};

/// The rules of one tenant, or those of them that matter.
#[derive(Debug)]
pub(crate) struct Graph {
    presets: Presets,
    /// Roles and groups, by their place in the lists below.
    index: HashMap<String, usize>,
    nodes: Vec<Node>,
    /// The roles and groups that a user or a service account has itself.
    holders: HashMap<Subject, Vec<usize>>,
    edition: Option<Bits>,
    /// Roles, and permissions of theirs that the program does not have any more.
    unknown: Vec<(String, String)>,
}

#[derive(Debug, Default)]
struct Node {
    name: String,
    allow: Bits,
    deny: Bits,
    /// Whether it names a permission that the program does not have.
    unknown: bool,
    parents: Vec<usize>,
}

/// The rules of a role, with those that it inherits.
#[derive(Debug, Default)]
pub(crate) struct RoleBits {
    pub(crate) allow: Bits,
    pub(crate) deny: Bits,
    pub(crate) unknown: bool,
}

/// What somebody holds.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Held {
    /// Names of roles, with those that are inherited, sorted.
    pub(crate) roles: Vec<String>,
    pub(crate) groups: Vec<Id<Group>>,
    pub(crate) permissions: Bits,
}

/// How somebody came to a role: names of groups and roles, the nearest first, the role last.
pub(crate) type Chain = Vec<String>;

impl Graph {
    /// Starts with the roles that the program brings.
    pub(crate) fn new(presets: &Presets) -> Self {
        let mut graph = Self {
            presets: presets.clone(),
            index: HashMap::new(),
            nodes: Vec::new(),
            holders: HashMap::new(),
            edition: None,
            unknown: Vec::new(),
        };
        for (role, permissions) in presets.iter() {
            let bits = permissions
                .iter()
                .filter_map(|name| presets.bit_named(name));
            let bits: Bits = bits.collect();
            let at = graph.node(&lines::role(role));
            if let Some(node) = graph.nodes.get_mut(at) {
                node.allow = bits;
            }
        }
        graph
    }

    /// Adds a line.
    pub(crate) fn add(&mut self, line: &PolicyRule) {
        match line.ptype.as_str() {
            "p" => self.add_rule(line),
            "g" => {
                let parent = self.node(&line.v1);
                match line.v0.parse().ok() {
                    Some(holder @ (Subject::User(_) | Subject::ServiceAccount(_))) => {
                        self.holders.entry(holder).or_default().push(parent);
                    }
                    _ => {
                        let child = self.node(&line.v0);
                        if let Some(child) = self.nodes.get_mut(child) {
                            child.parents.push(parent);
                        }
                    }
                }
            }
            lines::EDITION => {
                // One that the program does not know allows nothing.
                let known = self.presets.edition_named(&line.v0);
                self.edition = Some(known.unwrap_or_default());
            }
            _ => {}
        }
    }

    fn add_rule(&mut self, line: &PolicyRule) {
        let permission = line.permission();
        let at = self.node(&line.v0);
        let Some(bit) = self.presets.bit_named(&permission) else {
            let role = line.v0.strip_prefix("role:").unwrap_or(&line.v0);
            self.unknown.push((role.to_owned(), permission));
            if let Some(node) = self.nodes.get_mut(at) {
                node.unknown = true;
            }
            return;
        };
        if let Some(node) = self.nodes.get_mut(at) {
            if line.denies() {
                node.deny.insert(bit);
            } else {
                node.allow.insert(bit);
            }
        }
    }

    fn node(&mut self, name: &str) -> usize {
        if let Some(at) = self.index.get(name) {
            return *at;
        }
        let at = self.nodes.len();
        self.index.insert(name.to_owned(), at);
        self.nodes.push(Node {
            name: name.to_owned(),
            ..Node::default()
        });
        at
    }

    /// Gives everybody who holds something, with the roles and groups that each has itself.
    pub(crate) fn holders(&self) -> impl Iterator<Item = (&Subject, &Vec<usize>)> {
        self.holders.iter()
    }

    /// Gives what a subject holds.
    pub(crate) fn held_by(&self, subject: Subject) -> Held {
        self.held(&self.own(subject))
    }

    /// Gives what the holder of these roles and groups holds.
    pub(crate) fn held(&self, own: &[usize]) -> Held {
        let mut held = self.held_without_edition(own);
        if let Some(edition) = &self.edition {
            held.permissions.keep(edition);
        }
        held
    }

    /// Gives what a subject would hold if the tenant had no edition.
    pub(crate) fn unbounded(&self, subject: Subject) -> Bits {
        self.held_without_edition(&self.own(subject)).permissions
    }

    fn held_without_edition(&self, own: &[usize]) -> Held {
        let (mut allow, mut deny) = (Bits::default(), Bits::default());
        let (mut roles, mut groups) = (Vec::new(), Vec::new());
        for (at, _) in self.reached(own) {
            let Some(node) = self.nodes.get(at) else {
                continue;
            };
            allow.add(&node.allow);
            deny.add(&node.deny);
            if let Some(role) = node.name.strip_prefix("role:") {
                roles.push(role.to_owned());
            } else if let Ok(Subject::Group(group)) = node.name.parse() {
                groups.push(group);
            }
        }
        if !self.is_owner(own) {
            allow.remove(&deny);
        }
        roles.sort_unstable();
        Held {
            roles,
            groups,
            permissions: allow,
        }
    }

    /// Whether the role `owner` is among what somebody has himself. No deny holds for him: one who could be
    /// denied the right to lift it, by himself or by somebody below him, could not get it back.
    fn is_owner(&self, own: &[usize]) -> bool {
        let owner = self.index.get(&lines::role(Presets::OWNER));
        owner.is_some_and(|owner| own.contains(owner))
    }

    /// Tells whether a subject is an owner himself.
    pub(crate) fn owns(&self, subject: Subject) -> bool {
        self.is_owner(&self.own(subject))
    }

    /// Gives what a role allows and denies, with what it inherits.
    pub(crate) fn role(&self, name: &str) -> Option<RoleBits> {
        let at = *self.index.get(&lines::role(name))?;
        let mut bits = RoleBits::default();
        for (at, _) in self.reached(&[at]) {
            if let Some(node) = self.nodes.get(at) {
                bits.allow.add(&node.allow);
                bits.deny.add(&node.deny);
                bits.unknown |= node.unknown;
            }
        }
        Some(bits)
    }

    /// Gives the roles by which a subject is allowed or denied a permission, each with the way to it.
    pub(crate) fn reasons(&self, subject: Subject, bit: usize) -> Vec<(Chain, bool)> {
        let reached = self.reached(&self.own(subject));
        let by: BTreeMap<usize, Option<usize>> = reached.iter().copied().collect();
        let mut reasons = Vec::new();
        for (at, _) in &reached {
            let Some(node) = self.nodes.get(*at) else {
                continue;
            };
            let (allows, denies) = (node.allow.contains(bit), node.deny.contains(bit));
            if allows || denies {
                reasons.push((self.chain(*at, &by), allows && !denies));
            }
        }
        reasons
    }

    /// Whether the edition of the tenant keeps a permission from everybody.
    pub(crate) fn edition_lacks(&self, bit: usize) -> bool {
        self.edition
            .as_ref()
            .is_some_and(|edition| !edition.contains(bit))
    }

    pub(crate) fn unknown(&self) -> &[(String, String)] {
        &self.unknown
    }

    /// Whether a role would inherit from itself, by whatever way.
    pub(crate) fn is_cyclic(&self, role: &str) -> bool {
        let Some(at) = self.index.get(&lines::role(role)) else {
            return false;
        };
        let parents = self.nodes.get(*at).map_or(&[][..], |node| &node.parents);
        self.reached(parents)
            .iter()
            .any(|(reached, _)| reached == at)
    }

    /// Tells how many steps of inheritance the longest way has. There is no cycle.
    pub(crate) fn depth(&self) -> usize {
        let mut known = vec![None; self.nodes.len()];
        let all = 0..self.nodes.len();
        all.map(|at| self.depth_of(at, &mut known, 0))
            .max()
            .unwrap_or(0)
    }

    fn depth_of(&self, at: usize, known: &mut [Option<usize>], way: usize) -> usize {
        if let Some(Some(depth)) = known.get(at) {
            return *depth;
        }
        // A cycle would be of rows that were written past this crate; it counts as too deep.
        if way > lines::MAX_DEPTH {
            return way;
        }
        let parents = self.nodes.get(at).map_or(&[][..], |node| &node.parents);
        let above = parents.iter();
        let above = above.map(|parent| self.depth_of(*parent, known, way + 1) + 1);
        let depth = above.max().unwrap_or(0);
        if let Some(known) = known.get_mut(at) {
            *known = Some(depth);
        }
        depth
    }

    fn own(&self, subject: Subject) -> Vec<usize> {
        match subject {
            Subject::Group(_) => {
                let at = self.index.get(&subject.to_string());
                at.copied().into_iter().collect()
            }
            _ => self.holders.get(&subject).cloned().unwrap_or_default(),
        }
    }

    /// Gives what can be reached, each with that by which it was, the nearest first. A cycle ends because each
    /// is visited once.
    fn reached(&self, own: &[usize]) -> Vec<(usize, Option<usize>)> {
        let mut seen = vec![false; self.nodes.len()];
        let mut edge: VecDeque<(usize, Option<usize>)> = own.iter().map(|at| (*at, None)).collect();
        let mut reached = Vec::new();
        while let Some((at, by)) = edge.pop_front() {
            let Some(seen) = seen.get_mut(at) else {
                continue;
            };
            if std::mem::replace(seen, true) {
                continue;
            }
            reached.push((at, by));
            if let Some(node) = self.nodes.get(at) {
                edge.extend(node.parents.iter().map(|parent| (*parent, Some(at))));
            }
        }
        reached
    }

    fn chain(&self, last: usize, by: &BTreeMap<usize, Option<usize>>) -> Chain {
        let mut chain = Vec::new();
        let mut at = Some(last);
        while let Some(node) = at {
            if let Some(node) = self.nodes.get(node) {
                chain.push(node.name.clone());
            }
            at = by.get(&node).copied().flatten();
        }
        chain.reverse();
        chain
    }
}

#[cfg(test)]
mod tests {
    use saas_core::UserId;

    use super::*;
    use crate::{Permission, PermissionInfo};

    struct Can;

    impl Permission for Can {
        const ALL: &'static [PermissionInfo] = &[PermissionInfo {
            name: "notes:read",
            description: "",
            group: "",
        }];

        fn name(&self) -> &'static str {
            "notes:read"
        }

        fn index(&self) -> usize {
            0
        }
    }

    fn line(ptype: &str, values: [&str; 4], effect: &str) -> PolicyRule {
        let [v0, v1, v2, v3] = values.map(str::to_owned);
        PolicyRule {
            id: Id::generate(),
            tenant_id: Id::generate(),
            ptype: ptype.to_owned(),
            v0,
            v1,
            v2,
            v3,
            v4: effect.to_owned(),
        }
    }

    fn graph(lines: &[PolicyRule]) -> Graph {
        let mut graph = Graph::new(&Presets::new::<Can>().user(&[Can]));
        for line in lines {
            graph.add(line);
        }
        graph
    }

    /// Whichever of them was read first.
    #[test]
    fn as_many_steps_as_there_may_be_are_not_too_many() {
        let inherits = |step: usize| {
            let (role, parent) = (lines::role(&format!("r{step}")), step + 1);
            line(
                "g",
                [&role, &lines::role(&format!("r{parent}")), "t", ""],
                "",
            )
        };
        for steps in [1, lines::MAX_DEPTH, lines::MAX_DEPTH + 1] {
            let mut chain: Vec<PolicyRule> = (0..steps).map(inherits).collect();
            let from_above = chain.iter().rev().cloned().collect::<Vec<_>>();
            chain.insert(0, line("p", ["role:r0", "t", "notes", "read"], "allow"));
            for rows in [chain, from_above] {
                let depth = graph(&rows).depth();
                if steps <= lines::MAX_DEPTH {
                    assert_eq!(depth, steps);
                } else {
                    assert!(depth > lines::MAX_DEPTH, "{depth}");
                }
            }
        }
    }

    #[test]
    fn a_role_that_allows_and_denies_denies() {
        let user: UserId = Id::generate();
        let subject = Subject::User(user);
        let of_user = lines::role(Presets::USER);
        let graph = graph(&[
            line("p", [&of_user, "t", "notes", "read"], "deny"),
            line("g", [&subject.to_string(), &of_user, "t", ""], ""),
        ]);
        assert_eq!(graph.reasons(subject, 0), [(vec![of_user], false)]);
        assert!(graph.held_by(subject).permissions.is_empty());
    }

    #[test]
    fn what_the_program_does_not_have_is_told() {
        let rule = |action| line("p", ["role:editor", "t", "notes", action], "allow");
        let graph = graph(&[rule("read"), rule("fly")]);
        let unknown = [("editor".to_owned(), "notes:fly".to_owned())];
        assert_eq!(graph.unknown(), unknown);
    }
}
