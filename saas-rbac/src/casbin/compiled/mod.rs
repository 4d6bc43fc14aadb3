//! The rules of a role-shaped matcher as tables.
//!
//! Every text is a number. A decision looks up the values of the request, walks the roles of the
//! subject, which are known beforehand, and probes one table: it takes as long with ten rules as with
//! a million. A change copies the tables but for the parts that stay as they are.

mod plan;
mod shards;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

pub(super) use plan::Plan;
use plan::{SLOTS, Slot};
use shards::Shards;

use super::{
    PolicyError,
    model::Effect,
    policy::{Hierarchy, INDETERMINATE, Node, Policy},
};

/// Gives the text at a position of the request.
type Texts<'a> = &'a dyn Fn(usize) -> Option<&'a str>;

/// The fields of a rule that the matcher compares, as far as it does.
type Key = [u32; SLOTS];

#[derive(Debug, Clone)]
pub(super) struct Compiled {
    plan: Arc<Plan>,
    symbols: Shards<Arc<str>, u32>,
    /// How many texts of the policy are known.
    known: usize,
    rules: Shards<Key, Count>,
    /// The roles of every member, by definition.
    roles: BTreeMap<String, Shards<Node, Arc<[u32]>>>,
    all: Count,
    /// How many rules do neither. They are rules all the same.
    ignored: u32,
}

/// How many rules allow, and how many deny.
#[derive(Debug, Clone, Copy, Default)]
struct Count {
    allow: u32,
    deny: u32,
}

/// The words for effects, as numbers; none for a word that no rule has.
#[derive(Debug, Clone, Copy)]
struct Effects {
    allow: Option<u32>,
    indeterminate: Option<u32>,
}

impl Effects {
    fn of(policy: &Policy) -> Self {
        Self {
            allow: policy.symbols().id("allow"),
            indeterminate: policy.symbols().id(INDETERMINATE),
        }
    }
}

impl Compiled {
    pub(super) fn new(plan: Plan, policy: &Policy) -> Self {
        let mut compiled = Self {
            symbols: Shards::for_size(policy.symbols().len()),
            known: 0,
            rules: Shards::for_size(policy.encoded(&plan.policy).count()),
            roles: BTreeMap::new(),
            all: Count::default(),
            ignored: 0,
            plan: Arc::new(plan),
        };
        compiled.learn(policy);
        let effects = Effects::of(policy);
        let plan = Arc::clone(&compiled.plan);
        for rule in policy.encoded(&plan.policy) {
            compiled.count(rule, effects, true);
        }
        for name in plan.roles() {
            let Some(hierarchy) = policy.hierarchy(name) else {
                continue;
            };
            let mut roles = Shards::for_size(hierarchy.members().count());
            settle(&mut roles, hierarchy, hierarchy.members());
            compiled.roles.insert(name.to_owned(), roles);
        }
        compiled
    }

    /// Follows a change of the policy.
    pub(super) fn follow(&mut self, kind: &str, rule: &[u32], policy: &Policy, added: bool) {
        self.learn(policy);
        if kind == self.plan.policy {
            self.count(rule, Effects::of(policy), added);
        }
        if let (Some(roles), Some(hierarchy), [member, _, domain @ ..]) =
            (self.roles.get_mut(kind), policy.hierarchy(kind), rule)
        {
            let affected = hierarchy.affected((domain.first().copied(), *member));
            settle(roles, hierarchy, affected.into_iter());
        }
    }

    fn learn(&mut self, policy: &Policy) {
        for (text, id) in policy.symbols().since(self.known) {
            self.symbols.insert(text, id);
        }
        self.known = policy.symbols().len();
    }

    fn count(&mut self, rule: &[u32], effects: Effects, added: bool) {
        let mut key = Key::default();
        for (slot, place) in self.plan.slots.iter().zip(&mut key) {
            *place = rule.get(slot.field).copied().unwrap_or_default();
        }
        let effect = self.plan.effect.map(|at| rule.get(at).copied());
        if effect.is_some_and(|effect| effect == effects.indeterminate) {
            self.ignored = self
                .ignored
                .saturating_add_signed(if added { 1 } else { -1 });
            return;
        }
        let allows = effect.is_none_or(|effect| effect == effects.allow);
        let mut count = self.rules.get(&key).copied().unwrap_or_default();
        for count in [&mut count, &mut self.all] {
            let number = if allows {
                &mut count.allow
            } else {
                &mut count.deny
            };
            *number = number.saturating_add_signed(if added { 1 } else { -1 });
        }
        if count.allow == 0 && count.deny == 0 {
            self.rules.remove(&key);
        } else {
            self.rules.insert(key, count);
        }
    }

    /// Decides about a request.
    pub(super) fn decide(&self, effect: Effect, request: Texts<'_>) -> Result<bool, PolicyError> {
        for slot in self.plan.slots.iter().filter(|slot| slot.role.is_some()) {
            let domain = slot.role.as_ref().and_then(|role| role.domain);
            for at in [Some(slot.value), domain].into_iter().flatten() {
                if request(at).is_none() {
                    return Err(PolicyError::new("a subject or domain that is not a text"));
                }
            }
        }
        let superusers = &mut self.plan.superusers.iter();
        let is_superuser = superusers.any(|(at, name)| request(*at) == Some(name.as_str()));
        let mut found = Count::default();
        if self.all.allow == 0 && self.all.deny == 0 && self.ignored == 0 {
            // Casbin evaluates the matcher once without a rule, and every field is empty.
            let empty = self.symbols.get("").copied();
            let matches = |slot| self.matches_empty(slot, request, empty);
            found.allow = u32::from(is_superuser || self.plan.slots.iter().all(matches));
        } else if is_superuser {
            found = self.all;
        } else {
            self.search(
                &self.plan.slots,
                0,
                &mut Key::default(),
                request,
                effect,
                &mut found,
            );
        }
        Ok(match effect {
            Effect::AllowOverride => found.allow > 0,
            Effect::DenyOverride => found.deny == 0,
            _ => found.allow > 0 && found.deny == 0,
        })
    }

    fn id(&self, request: Texts<'_>, at: usize) -> Option<u32> {
        self.symbols.get(request(at)?).copied()
    }

    /// Gives the roles of a value beyond itself.
    fn held(&self, slot: &Slot, request: Texts<'_>, value: u32) -> &[u32] {
        let held = || {
            let role = slot.role.as_ref()?;
            let domain = match role.domain {
                Some(at) => Some(self.id(request, at)?),
                None => None,
            };
            let roles = self.roles.get(&role.definition)?.get(&(domain, value))?;
            Some(&**roles)
        };
        held().unwrap_or_default()
    }

    fn matches_empty(&self, slot: &Slot, request: Texts<'_>, empty: Option<u32>) -> bool {
        if request(slot.value) == Some("") {
            return true;
        }
        match (empty, self.id(request, slot.value)) {
            (Some(empty), Some(value)) => self.held(slot, request, value).contains(&empty),
            _ => false,
        }
    }

    /// Looks up every combination of what the values are and which roles they have.
    fn search(
        &self,
        slots: &[Slot],
        depth: usize,
        key: &mut Key,
        request: Texts<'_>,
        effect: Effect,
        found: &mut Count,
    ) {
        let Some((slot, rest)) = slots.split_first() else {
            if let Some(count) = self.rules.get(&*key) {
                found.allow = found.allow.saturating_add(count.allow);
                found.deny = found.deny.saturating_add(count.deny);
            }
            return;
        };
        let Some(value) = self.id(request, slot.value) else {
            return;
        };
        let held = self.held(slot, request, value);
        for name in std::iter::once(&value).chain(held) {
            if let Some(place) = key.get_mut(depth) {
                *place = *name;
            }
            self.search(rest, depth + 1, key, request, effect, found);
            let decided = match effect {
                Effect::AllowOverride => found.allow > 0,
                _ => found.deny > 0,
            };
            if decided {
                return;
            }
        }
    }
}

/// Finds out what roles members have. Those with the same direct roles share what follows from them:
/// a million users of one role cost little more than one.
fn settle(
    roles: &mut Shards<Node, Arc<[u32]>>,
    hierarchy: &Hierarchy,
    members: impl Iterator<Item = Node>,
) {
    let mut shared = HashMap::new();
    for node in members {
        let mut direct = hierarchy.direct(node).to_vec();
        if direct.is_empty() {
            roles.remove(&node);
            continue;
        }
        direct.sort_unstable();
        let held = shared
            .entry((node.0, direct))
            .or_insert_with(|| Arc::from(hierarchy.roles(node)));
        roles.insert(node, Arc::clone(held));
    }
}
