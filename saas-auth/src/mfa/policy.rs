//! Whether somebody may go on, or has to prove more first: one pure function, which every door asks.

use std::time::Duration;

use saas_core::{Level, Timestamp};
use serde::{Deserialize, Serialize};

/// What a tenant asks of its members, from the least to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Requirement {
    /// A second factor is asked of those who have one: `optional`.
    Optional,
    /// Those who have no second factor enter a code that they are sent by mail: `email`. It is a weak one, since who
    /// reads the mail of somebody can set their password, too: it makes no [`Level`] and stands in for no other.
    Email,
    /// Everybody needs a second factor: `required`.
    Required,
    /// Everybody needs a passkey: `passkey`.
    Passkey,
}

impl Requirement {
    /// Every requirement, from the least to the most.
    pub const ALL: [Self; 4] = [Self::Optional, Self::Email, Self::Required, Self::Passkey];

    /// Gives the name: `optional`, `email`, `required` or `passkey`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Optional => "optional",
            Self::Email => "email",
            Self::Required => "required",
            Self::Passkey => "passkey",
        }
    }

    /// Gives the level that is asked.
    #[must_use]
    pub const fn level(self) -> Level {
        match self {
            Self::Optional | Self::Email => Level::Aal1,
            Self::Required => Level::Aal2,
            Self::Passkey => Level::PhishingResistant,
        }
    }

    pub(super) const fn strength(self) -> Strength {
        match self {
            Self::Email => Strength::Mailed,
            other => Strength::of(other.level()),
        }
    }
}

/// What a proof is worth for a rule: a level, or a code by mail, which is less than any but more than a password alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Strength {
    Single,
    Mailed,
    Aal2,
    PhishingResistant,
}

impl Strength {
    const fn of(level: Level) -> Self {
        match level {
            Level::PhishingResistant => Self::PhishingResistant,
            Level::Aal2 => Self::Aal2,
            _ => Self::Single,
        }
    }

    /// The level that is to be reached for it, where there is one.
    const fn level(self) -> Level {
        match self {
            Self::Single | Self::Mailed => Level::Aal1,
            Self::Aal2 => Level::Aal2,
            Self::PhishingResistant => Level::PhishingResistant,
        }
    }
}

/// A requirement that holds for a member: of the whole tenant, or of one of the member's roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) requirement: Requirement,
    /// From when on it is asked of those who cannot fulfil it.
    pub(crate) enforced_at: Timestamp,
}

/// What somebody is in a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) is_active: bool,
    pub(crate) rules: Vec<Rule>,
}

/// Which second factors somebody has confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Factors {
    pub(crate) totp: bool,
    pub(crate) passkey: bool,
}

impl Factors {
    /// The level that they reach together with a password.
    pub(crate) const fn reach(self) -> Level {
        match self {
            Self { passkey: true, .. } => Level::PhishingResistant,
            Self { totp: true, .. } => Level::Aal2,
            _ => Level::Aal1,
        }
    }
}

/// What a route asks for besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) level: Level,
    /// How long ago the proof may be.
    pub(crate) max_age: Option<Duration>,
}

impl Asked {
    /// Nothing.
    pub(crate) const NOTHING: Self = Self {
        level: Level::Aal1,
        max_age: None,
    };
}

/// Everything that is decided by.
#[derive(Debug, Clone)]
pub(crate) struct Facts<'a> {
    /// The memberships that the act touches: the one of a door into a tenant, all of them for what belongs to the
    /// person.
    pub(crate) memberships: &'a [Member],
    pub(crate) factors: Factors,
    /// What was proven, and when.
    pub(crate) level: Level,
    /// What that is worth where nobody has to have proven it just now; see [`standing`].
    pub(crate) standing: Strength,
    pub(crate) authenticated_at: Timestamp,
    pub(crate) asked: Asked,
    pub(crate) now: Timestamp,
}

/// The way of a proof on a device that is remembered, beside the password.
pub(crate) const REMEMBERED: &str = "device";

/// The way of a code by mail, beside the password. RFC 8176 has none for it.
pub(crate) const MAILED: &str = "email";

/// Gives what these ways are worth for a rule, when all of them were just proven.
pub(crate) fn proven(methods: &[String]) -> Strength {
    let strength = Strength::of(Level::of(methods));
    let has = |name: &str| methods.iter().any(|method| method == name);
    match has(MAILED) && has("pwd") {
        true => strength.max(Strength::Mailed),
        false => strength,
    }
}

/// Gives what these ways are worth for a rule and for one's own factors: a remembered device stands in for a second
/// factor that was proven on it before. To a route that asks for a level it is nothing.
pub(crate) fn standing(methods: &[String]) -> Strength {
    let has = |name: &str| methods.iter().any(|method| method == name);
    match has(REMEMBERED) && has("pwd") {
        true => proven(methods).max(Strength::Aal2),
        false => proven(methods),
    }
}

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// The person may go on.
    Allow,
    /// The person proves more, or anew, with what they have.
    StepUp(Level),
    /// The person has no factor of their own, and enters a code that they are sent by mail.
    Mail,
    /// The person has nothing that reaches the level, and has to enrol it.
    Enrol(Level),
    /// The person may not, whatever they prove.
    Deny,
}

/// Decides. The strictest rule of the strictest membership counts, and whoever has a second factor is asked for it
/// whether anybody requires it or not.
pub(crate) fn decide(facts: &Facts<'_>) -> Decision {
    let members = facts.memberships;
    if members.is_empty() || members.iter().any(|member| !member.is_active) {
        return Decision::Deny;
    }
    let rules = || members.iter().flat_map(|member| &member.rules);
    let strictest = |rules: &mut dyn Iterator<Item = &Rule>| {
        rules
            .map(|rule| rule.requirement.strength())
            .max()
            .unwrap_or(Strength::Single)
    };
    let reach = facts.factors.reach();
    // Whoever has a factor has proven it at every sign-in.
    let own = Strength::of(reach.min(Level::Aal2));
    let ruled = strictest(&mut rules()).max(own);
    let asked = ruled.level().max(facts.asked.level);
    let reaches = |ruled: Strength| facts.standing >= ruled && facts.level >= facts.asked.level;
    let is_old = facts
        .asked
        .max_age
        .is_some_and(|age| facts.now >= facts.authenticated_at.saturating_add(age));
    if is_old {
        return Decision::StepUp(asked.min(reach));
    }
    if reaches(ruled) {
        return Decision::Allow;
    }
    // Before anything is enrolled, too. Everybody has an address, so nobody is given time to get one.
    let by_mail = rules().any(|rule| rule.requirement == Requirement::Email);
    if by_mail && own < Strength::Mailed && facts.standing < Strength::Mailed {
        return Decision::Mail;
    }
    if reach >= asked || facts.level < reach {
        return Decision::StepUp(asked.min(reach));
    }
    // Nothing that they have reaches it, and what they have they have proven.
    let mut due = rules().filter(|rule| facts.now >= rule.enforced_at);
    let due = strictest(&mut due).max(own);
    match reaches(due) {
        true => Decision::Allow,
        false => Decision::Enrol(due.level().max(facts.asked.level)),
    }
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
