//! The roles that casbin asks for.
//!
//! Casbin's own manager answers for names that are compared. Where they are patterns it adds links
//! while it is read, so that the answer depends on what was asked before; those are answered here,
//! as Casbin for Go does.

use std::collections::{BTreeMap, BTreeSet};

use casbin::{DefaultRoleManager, MatchingFn, RoleManager};

use crate::casbin::{RoleMatch, limits, policy::Policy};

/// How the names of one role definition are compared.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::casbin) struct Comparison {
    pub(in crate::casbin) names: Option<RoleMatch>,
    pub(in crate::casbin) domains: Option<RoleMatch>,
}

/// The definitions whose names are patterns.
pub(in crate::casbin) type Matching = BTreeMap<String, Comparison>;

pub(super) struct Roles {
    plain: DefaultRoleManager,
    patterns: BTreeMap<String, Patterns>,
}

impl Roles {
    pub(super) fn new(policy: &Policy, matching: &Matching) -> Self {
        // Deeper than any hierarchy that a policy may have: it is the policy that refuses.
        let mut plain = DefaultRoleManager::new(limits::HIERARCHY * 2);
        let mut patterns = BTreeMap::new();
        for name in policy.model().definitions().roles.keys() {
            let rules = policy.ordered(name);
            if let Some(comparison) = matching.get(name) {
                patterns.insert(name.clone(), Patterns::new(*comparison, &rules));
                continue;
            }
            for rule in rules {
                if let [member, role, domain @ ..] = rule.as_slice() {
                    let domain = domain.first().unwrap_or(&"");
                    plain.add_link(member, role, Some(&format!("{name}:{domain}")));
                }
            }
        }
        Self { plain, patterns }
    }
}

/// The links of a definition whose names are patterns.
struct Patterns {
    comparison: Comparison,
    links: Vec<[String; 3]>,
}

fn alike(with: Option<RoleMatch>, name: &str, pattern: &str) -> bool {
    name == pattern || with.is_some_and(|with| with.matches(name, pattern))
}

impl Patterns {
    fn new(comparison: Comparison, rules: &[Vec<&str>]) -> Self {
        let link = |rule: &Vec<&str>| match rule.as_slice() {
            [member, role] => Some([(*member).to_owned(), (*role).to_owned(), String::new()]),
            [member, role, domain] => Some([member, role, domain].map(|text| (*text).to_owned())),
            _ => None,
        };
        Self {
            comparison,
            links: rules.iter().filter_map(link).collect(),
        }
    }

    fn has_link(&self, member: &str, role: &str, domain: &str) -> bool {
        let Comparison { names, domains } = self.comparison;
        let links: Vec<(&str, &str)> = self
            .links
            .iter()
            .filter(|[.., within]| alike(domains, domain, within))
            .map(|[member, role, _]| (member.as_str(), role.as_str()))
            .collect();
        let known: BTreeSet<&str> = links
            .iter()
            .flat_map(|(member, role)| [*member, *role])
            .chain([role])
            .collect();
        let mut seen = BTreeSet::from([member]);
        let mut edge = vec![member];
        for _ in 0..=limits::HIERARCHY {
            if edge.iter().any(|name| alike(names, name, role)) {
                return true;
            }
            let mut next = BTreeSet::new();
            for at in edge {
                for (_, role) in links.iter().filter(|(member, _)| alike(names, at, member)) {
                    next.insert(*role);
                    // A role that is a pattern stands for those that it matches.
                    next.extend(known.iter().filter(|name| alike(names, name, role)));
                }
            }
            edge = next.into_iter().filter(|name| seen.insert(name)).collect();
        }
        false
    }
}

impl RoleManager for Roles {
    fn clear(&mut self) {
        self.plain.clear();
        self.patterns.clear();
    }

    fn add_link(&mut self, member: &str, role: &str, domain: Option<&str>) {
        self.plain.add_link(member, role, domain);
    }

    fn matching_fn(&mut self, _: Option<MatchingFn>, _: Option<MatchingFn>) {}

    fn delete_link(
        &mut self,
        member: &str,
        role: &str,
        domain: Option<&str>,
    ) -> casbin::Result<()> {
        self.plain.delete_link(member, role, domain)
    }

    fn has_link(&self, member: &str, role: &str, domain: Option<&str>) -> bool {
        let named = domain.and_then(|domain| domain.split_once(':'));
        match named.and_then(|(name, domain)| Some((self.patterns.get(name)?, domain))) {
            Some((patterns, domain)) => patterns.has_link(member, role, domain),
            None => self.plain.has_link(member, role, domain),
        }
    }

    fn get_roles(&self, name: &str, domain: Option<&str>) -> Vec<String> {
        self.plain.get_roles(name, domain)
    }

    fn get_users(&self, name: &str, domain: Option<&str>) -> Vec<String> {
        self.plain.get_users(name, domain)
    }
}
