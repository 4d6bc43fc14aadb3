//! What a probe found.

use std::{collections::BTreeMap, fmt};

use super::compare::Answer;

/// What a [`LeakProbe`](super::LeakProbe) found.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct LeakReport {
    /// What gives a tenant away.
    pub leaks: Vec<Leak>,
    /// The operations that were not tried with a value of the victim, and why.
    pub unexercised: BTreeMap<String, String>,
    /// How many requests were sent.
    pub requests: usize,
}

/// One answer that gives a tenant away.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Leak {
    /// The operation, such as `GET /projects/{id}`.
    pub operation: String,
    /// What was sent.
    pub sent: String,
    /// What came back: the status and the beginning of the body.
    pub answer: String,
    /// Why that is a leak.
    pub why: String,
}

impl LeakReport {
    /// Fails the test when anything was found, or anything could not be tried.
    ///
    /// # Panics
    ///
    /// With the list of what was found.
    #[track_caller]
    pub fn assert_clean(&self) {
        assert!(
            self.leaks.is_empty() && self.unexercised.is_empty(),
            "{self}"
        );
    }

    pub(super) fn add(
        &mut self,
        operation: &str,
        sent: String,
        answer: Option<&Answer>,
        why: &str,
    ) {
        let answer = answer.map(Answer::to_string).unwrap_or_default();
        // One of a kind is enough to see where it is.
        let same = |leak: &&Leak| leak.operation == operation && leak.why == why;
        if !self.leaks.iter().any(|leak| same(&leak)) {
            self.leaks.push(Leak {
                operation: operation.to_owned(),
                sent,
                answer,
                why: why.to_owned(),
            });
        }
    }
}

impl fmt::Display for LeakReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (leaks, requests) = (self.leaks.len(), self.requests);
        writeln!(f, "{leaks} leaks between tenants in {requests} requests")?;
        for leak in &self.leaks {
            writeln!(f, "\n{}: {}", leak.operation, leak.why)?;
            writeln!(f, "  sent:   {}\n  answer: {}", leak.sent, leak.answer)?;
        }
        for (operation, why) in &self.unexercised {
            writeln!(f, "\n{operation}: not tried, because {why}")?;
        }
        Ok(())
    }
}
