//! The rules and the roles of a model.

mod csv;
mod hierarchy;
mod rule;
mod symbols;

use std::collections::{BTreeMap, HashMap};

pub(super) use hierarchy::{Hierarchy, Node};
pub(super) use rule::{EFFECT, INDETERMINATE, PRIORITY};
pub(super) use symbols::Symbols;

use super::{Model, PolicyError, error::short};
use crate::Error;

/// The rules of a model, in order: `p` and `g` rules, and those of `p2`, `g2` and so on.
#[derive(Debug, Clone)]
pub struct Policy {
    model: Model,
    symbols: Symbols,
    tables: BTreeMap<String, Table>,
    /// The number of the next rule. Rules are kept in the order in which they came.
    next: u64,
}

/// The rules of one type.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    rules: HashMap<Box<[u32]>, u64>,
    /// For roles, what they amount to.
    hierarchy: Option<Hierarchy>,
}

impl Policy {
    /// Makes a policy without rules.
    #[must_use]
    pub fn new(model: &Model) -> Self {
        let definitions = model.definitions();
        let rules = definitions.policies.keys();
        let rules = rules.map(|name| (name.clone(), Table::default()));
        let roles = definitions.roles.keys().map(|name| {
            let table = Table {
                hierarchy: Some(Hierarchy::default()),
                ..Table::default()
            };
            (name.clone(), table)
        });
        Self {
            model: model.clone(),
            symbols: Symbols::default(),
            tables: rules.chain(roles).collect(),
            next: 0,
        }
    }

    /// Reads the CSV of Casbin: `p, alice, data1, read`.
    ///
    /// Fields may be quoted as RFC 4180 says, and then hold anything. White space around those that
    /// are not is dropped, and so are empty lines and those that begin with `#`.
    ///
    /// # Errors
    ///
    /// [`Error::Policy`] naming the line when it is not CSV, or not a rule of the model.
    pub fn from_csv(text: &str, model: &Model) -> Result<Self, Error> {
        let mut policy = Self::new(model);
        let mut reader = csv::Reader::new(text);
        while let Some((line, record)) = reader.record()? {
            let mut fields = record.iter().map(|field| &**field);
            let kind = fields.next().unwrap_or_default();
            let rule: Vec<&str> = fields.collect();
            policy.put(kind, &rule).map_err(|error| error.on(line))?;
        }
        policy.verify()?;
        Ok(policy)
    }

    /// Writes the CSV that [`Policy::from_csv`] reads.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut out = String::new();
        let definitions = self.model.definitions();
        for kind in definitions.policies.keys().chain(definitions.roles.keys()) {
            for rule in self.ordered(kind) {
                csv::write(kind, &rule, &mut out);
            }
        }
        out
    }

    /// Adds a rule at the end, and gives whether it is new.
    ///
    /// # Errors
    ///
    /// [`Error::Policy`] when the rule is none of the model, or when it would make roles go round in
    /// a circle, or deeper than Casbin looks.
    pub fn insert(&mut self, kind: &str, rule: &[&str]) -> Result<bool, Error> {
        Ok(self.change(kind, rule, true)?.is_some())
    }

    /// Removes a rule, and gives whether there was one.
    ///
    /// # Errors
    ///
    /// [`Error::Policy`] when the rule is none of the model.
    pub fn remove(&mut self, kind: &str, rule: &[&str]) -> Result<bool, Error> {
        Ok(self.change(kind, rule, false)?.is_some())
    }

    /// Gives the rules of one type, in order.
    #[must_use]
    pub fn rules(&self, kind: &str) -> Vec<Vec<String>> {
        self.ordered(kind)
            .into_iter()
            .map(|rule| rule.into_iter().map(ToOwned::to_owned).collect())
            .collect()
    }

    /// Counts the rules of all types.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tables.values().map(|table| table.rules.len()).sum()
    }

    /// Tells whether there are no rules.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn model(&self) -> &Model {
        &self.model
    }

    pub(super) fn symbols(&self) -> &Symbols {
        &self.symbols
    }

    pub(super) fn hierarchy(&self, kind: &str) -> Option<&Hierarchy> {
        self.tables.get(kind)?.hierarchy.as_ref()
    }

    pub(super) fn encoded(&self, kind: &str) -> impl Iterator<Item = &[u32]> {
        let table = self.tables.get(kind);
        table
            .into_iter()
            .flat_map(|table| table.rules.keys().map(|rule| &**rule))
    }

    pub(super) fn ordered(&self, kind: &str) -> Vec<Vec<&str>> {
        let Some(table) = self.tables.get(kind) else {
            return Vec::new();
        };
        let mut rules: Vec<(&u64, &Box<[u32]>)> =
            table.rules.iter().map(|(rule, at)| (at, rule)).collect();
        rules.sort_unstable_by_key(|(at, _)| **at);
        let text = |rule: &[u32]| rule.iter().map(|id| self.symbols.text(*id)).collect();
        rules.into_iter().map(|(_, rule)| text(rule)).collect()
    }

    /// Adds or removes a rule, and gives it as numbers when that changed anything.
    pub(super) fn change(
        &mut self,
        kind: &str,
        rule: &[&str],
        add: bool,
    ) -> Result<Option<Box<[u32]>>, PolicyError> {
        if !add {
            return self.take(kind, rule);
        }
        self.arity(kind, rule)?;
        if let Some(hierarchy) = self.hierarchy(kind)
            && let [member, role, domain @ ..] = rule
        {
            if member == role {
                let name = short(member);
                return Err(PolicyError::new(format!(
                    "the roles go round in a circle: `{name}` -> `{name}`"
                )));
            }
            // What is new has no links yet, as these have none.
            let known = |text: &str, new: u32| self.symbols.id(text).unwrap_or(new);
            let domain = domain.first().map(|domain| known(domain, u32::MAX));
            let link = (known(member, u32::MAX), known(role, u32::MAX - 1));
            hierarchy.check(domain, link, member, &self.symbols)?;
        }
        self.put(kind, rule)
    }

    /// Adds a rule without looking at what it does to the hierarchy.
    fn put(&mut self, kind: &str, rule: &[&str]) -> Result<Option<Box<[u32]>>, PolicyError> {
        self.arity(kind, rule)?;
        rule::check(&self.model, kind, rule)?;
        let ids: Option<Box<[u32]>> = rule.iter().map(|text| self.symbols.intern(text)).collect();
        let (Some(ids), Some(table)) = (ids, self.tables.get_mut(kind)) else {
            return Err(PolicyError::new("there are too many different texts"));
        };
        if table.rules.contains_key(&ids) {
            return Ok(None);
        }
        table.rules.insert(ids.clone(), self.next);
        self.next += 1;
        if let (Some(hierarchy), [member, role, domain @ ..]) = (&mut table.hierarchy, &*ids) {
            hierarchy.link(domain.first().copied(), *member, *role);
        }
        Ok(Some(ids))
    }

    fn take(&mut self, kind: &str, rule: &[&str]) -> Result<Option<Box<[u32]>>, PolicyError> {
        self.arity(kind, rule)?;
        let ids: Option<Box<[u32]>> = rule.iter().map(|text| self.symbols.id(text)).collect();
        let (Some(ids), Some(table)) = (ids, self.tables.get_mut(kind)) else {
            return Ok(None);
        };
        if table.rules.remove(&ids).is_none() {
            return Ok(None);
        }
        if let (Some(hierarchy), [member, role, domain @ ..]) = (&mut table.hierarchy, &*ids) {
            hierarchy.unlink(domain.first().copied(), *member, *role);
        }
        Ok(Some(ids))
    }

    /// Adds a rule that was checked when it was written; the roles are [verified](Self::verify) together.
    pub(super) fn load(&mut self, kind: &str, rule: &[&str]) -> Result<(), PolicyError> {
        self.put(kind, rule).map(drop)
    }

    /// Refuses roles that go round in a circle or too deep.
    pub(super) fn verify(&self) -> Result<(), PolicyError> {
        let mut hierarchies = self
            .tables
            .values()
            .filter_map(|table| table.hierarchy.as_ref());
        hierarchies.try_for_each(|hierarchy| hierarchy.verify(&self.symbols))
    }

    /// Gives all rules with their types.
    pub(super) fn lines(&self) -> impl Iterator<Item = (String, Vec<String>)> + '_ {
        let kinds = self.tables.keys();
        kinds.flat_map(|kind| {
            self.rules(kind)
                .into_iter()
                .map(|rule| (kind.clone(), rule))
        })
    }

    fn arity(&self, kind: &str, rule: &[&str]) -> Result<(), PolicyError> {
        match self.model.width(kind) {
            None => {
                let kind = short(kind);
                Err(PolicyError::new(format!(
                    "rules of type `{kind}` are not defined"
                )))
            }
            Some(wanted) if wanted != rule.len() => {
                let got = rule.len();
                Err(PolicyError::new(format!(
                    "a rule of type `{kind}` has {wanted} fields, not {got}"
                )))
            }
            Some(_) => Ok(()),
        }
    }

    /// Tells whether most texts are those of rules that were removed.
    pub(super) fn is_sparse(&self) -> bool {
        let fields = |(kind, table): (&String, &Table)| {
            table.rules.len() * self.model.width(kind).unwrap_or_default()
        };
        self.symbols.len() > 1_024 + 2 * self.tables.iter().map(fields).sum::<usize>()
    }

    /// Makes the policy anew, without the texts that no rule has any more.
    pub(super) fn compact(&self) -> Result<Self, PolicyError> {
        let mut policy = Self::new(&self.model);
        for kind in self.tables.keys() {
            for rule in self.ordered(kind) {
                policy.put(kind, &rule)?;
            }
        }
        Ok(policy)
    }
}
