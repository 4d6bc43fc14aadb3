//! Nobody gives what he lacks.

use saas_tenancy::{Actor, TenantTx};

use super::{Presets, Subject};
use crate::{
    Error,
    engine::{Bits, graph::Graph},
    policy::store::Rules as _,
};

/// Reads what all roles of the tenant allow, and what some subjects hold, as the transaction sees it.
pub(super) async fn graph(
    presets: &Presets,
    tx: &mut TenantTx,
    subjects: &[Subject],
) -> Result<Graph, Error> {
    let mut graph = Graph::new(presets);
    for rule in tx.rules_of_roles().await? {
        graph.add(&rule);
    }
    for subject in subjects {
        for rule in tx.groupings_of(&subject.to_string()).await? {
            // What somebody has by a group; groups are in no group themselves.
            if rule.v1.starts_with("group:") {
                for of_group in tx.groupings_of(&rule.v1).await? {
                    graph.add(&of_group);
                }
            }
            graph.add(&rule);
        }
    }
    Ok(graph)
}

/// Gives the roles that a subject has itself as the transaction sees them, sorted.
pub(super) async fn roles_of(tx: &mut TenantTx, subject: Subject) -> Result<Vec<String>, Error> {
    let rows = tx.groupings_of(&subject.to_string()).await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| row.v1.strip_prefix("role:").map(ToOwned::to_owned))
        .collect())
}

/// Who makes a change, with what he held before it.
pub(super) enum Grantor {
    /// The service itself, which may give anything.
    Service,
    /// A caller who holds some permissions, in a tenant with these rules.
    Caller(Graph, Bits),
}

impl Grantor {
    /// Finds out who makes the changes of the transaction. What a caller holds is read inside of it, not from a
    /// cache, and has to be read before the first change, which may already be of a role of his own.
    pub(super) async fn of(presets: &Presets, tx: &mut TenantTx) -> Result<Self, Error> {
        let caller = match tx.scope().actor() {
            Actor::Principal(principal) => Subject::from(principal),
            Actor::System(_) => return Ok(Self::Service),
            _ => return Err(Error::Escalation),
        };
        let graph = graph(presets, tx, &[caller]).await?;
        let held = graph.held_by(caller).permissions;
        Ok(Self::Caller(graph, held))
    }

    /// Refuses a change that touches a permission which he lacks. What the edition keeps from everybody counts
    /// for nothing.
    pub(super) fn require(&self, touched: &Bits) -> Result<(), Error> {
        let Self::Caller(graph, held) = self else {
            return Ok(());
        };
        let mut lacking = graph.within_edition(touched);
        lacking.remove(held);
        if lacking.is_empty() {
            Ok(())
        } else {
            Err(Error::Escalation)
        }
    }
}
