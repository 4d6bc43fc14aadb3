//! Which subject has which roles, without a cycle and not too deep.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::symbols::Symbols;
use crate::casbin::{PolicyError, error::short, limits};

/// A name in a domain.
pub(in crate::casbin) type Node = (Option<u32>, u32);

/// The links of one role definition.
#[derive(Debug, Clone, Default)]
pub(in crate::casbin) struct Hierarchy {
    up: HashMap<Node, Vec<u32>>,
    down: HashMap<Node, Vec<u32>>,
}

impl Hierarchy {
    pub(super) fn link(&mut self, domain: Option<u32>, member: u32, role: u32) {
        self.up.entry((domain, member)).or_default().push(role);
        self.down.entry((domain, role)).or_default().push(member);
    }

    pub(super) fn unlink(&mut self, domain: Option<u32>, member: u32, role: u32) {
        remove(&mut self.up, (domain, member), role);
        remove(&mut self.down, (domain, role), member);
    }

    /// Gives whoever has a role.
    pub(in crate::casbin) fn members(&self) -> impl Iterator<Item = Node> {
        self.up.keys().copied()
    }

    /// Gives the roles that a member has directly.
    pub(in crate::casbin) fn direct(&self, node: Node) -> &[u32] {
        self.up.get(&node).map_or(&[], Vec::as_slice)
    }

    /// Gives the roles of a member, through other roles too, sorted and without the member.
    pub(in crate::casbin) fn roles(&self, (domain, member): Node) -> Vec<u32> {
        let (mut roles, _) = reach(&self.up, domain, member);
        roles.sort_unstable();
        roles
    }

    /// Gives whoever has the role through another, and the role itself.
    pub(in crate::casbin) fn affected(&self, (domain, role): Node) -> Vec<Node> {
        let (mut members, _) = reach(&self.down, domain, role);
        members.push(role);
        members.into_iter().map(|member| (domain, member)).collect()
    }

    /// Says what a new link would break.
    pub(super) fn check(
        &self,
        domain: Option<u32>,
        (member, role): (u32, u32),
        name: &str,
        symbols: &Symbols,
    ) -> Result<(), PolicyError> {
        let (roles, up) = reach(&self.up, domain, role);
        if role == member || roles.contains(&member) {
            return Err(self.cycle(domain, member, role, symbols));
        }
        let (_, down) = reach(&self.down, domain, member);
        if up + 1 + down > limits::HIERARCHY {
            return Err(deep(name));
        }
        Ok(())
    }

    /// Says what is wrong with all of the links.
    pub(super) fn verify(&self, symbols: &Symbols) -> Result<(), PolicyError> {
        let mut waiting: HashMap<Node, usize> = self
            .up
            .iter()
            .map(|(node, roles)| (*node, roles.len()))
            .collect();
        let mut ready: Vec<Node> = self
            .down
            .keys()
            .filter(|node| !waiting.contains_key(*node))
            .copied()
            .collect();
        let mut levels: HashMap<Node, usize> = HashMap::new();
        while let Some(node) = ready.pop() {
            let level = levels.get(&node).copied().unwrap_or_default();
            if level > limits::HIERARCHY {
                return Err(deep(symbols.text(node.1)));
            }
            for member in self.down.get(&node).into_iter().flatten() {
                let member = (node.0, *member);
                let known = levels.entry(member).or_default();
                *known = (level + 1).max(*known);
                if let Some(left) = waiting.get_mut(&member) {
                    *left -= 1;
                    if *left == 0 {
                        waiting.remove(&member);
                        ready.push(member);
                    }
                }
            }
        }
        // What waits is on a cycle or below one; its roles that wait too lead there.
        let Some(start) = waiting.keys().min().copied() else {
            return Ok(());
        };
        let mut seen = HashSet::new();
        let mut at = start;
        while seen.insert(at.1) {
            let next = self.up.get(&at).into_iter().flatten();
            match next
                .copied()
                .find(|role| waiting.contains_key(&(at.0, *role)))
            {
                Some(role) => at = (at.0, role),
                None => break,
            }
        }
        let role = self
            .up
            .get(&at)
            .into_iter()
            .flatten()
            .copied()
            .find(|role| *role == at.1 || reach(&self.up, at.0, *role).0.contains(&at.1));
        Err(self.cycle(at.0, at.1, role.unwrap_or(at.1), symbols))
    }

    /// Names a cycle that begins with a link.
    fn cycle(&self, domain: Option<u32>, member: u32, role: u32, symbols: &Symbols) -> PolicyError {
        let mut names = vec![member, role];
        let mut at = role;
        while at != member && names.len() <= limits::HIERARCHY {
            let next = self.up.get(&(domain, at)).into_iter().flatten().copied();
            let leads =
                |next: &u32| *next == member || reach(&self.up, domain, *next).0.contains(&member);
            match next
                .filter(|next| !names.contains(next) || *next == member)
                .find(leads)
            {
                Some(next) => at = next,
                None => break,
            }
            names.push(at);
        }
        let names: Vec<_> = names.iter().map(|id| short(symbols.text(*id))).collect();
        PolicyError::new(format!(
            "the roles go round in a circle: `{}`",
            names.join("` -> `")
        ))
    }

    /// Gives how far each name is from the top of the hierarchy, by the longest way.
    pub(in crate::casbin) fn depth(&self, node: Node) -> usize {
        reach(&self.up, node.0, node.1).1
    }
}

fn deep(name: &str) -> PolicyError {
    let (name, max) = (short(name), limits::HIERARCHY);
    PolicyError::new(format!(
        "`{name}` is more than {max} links below its most distant role"
    ))
}

fn remove(links: &mut HashMap<Node, Vec<u32>>, from: Node, to: u32) {
    if let Some(all) = links.get_mut(&from) {
        if let Some(at) = all.iter().position(|link| *link == to) {
            all.swap_remove(at);
        }
        if all.is_empty() {
            links.remove(&from);
        }
    }
}

/// Gives what can be reached from a name, and by how many links the farthest, up to one more than
/// there may be.
fn reach(links: &HashMap<Node, Vec<u32>>, domain: Option<u32>, from: u32) -> (Vec<u32>, usize) {
    let mut found = HashSet::new();
    let mut edge = BTreeSet::from([from]);
    let mut length = 0;
    // Each step takes the whole edge, those seen before too: a way to them may be longer now.
    for _ in 0..=limits::HIERARCHY {
        edge = edge
            .iter()
            .filter_map(|at| links.get(&(domain, *at)))
            .flatten()
            .copied()
            .collect();
        if edge.is_empty() {
            break;
        }
        length += 1;
        found.extend(&edge);
    }
    (found.into_iter().collect(), length)
}
