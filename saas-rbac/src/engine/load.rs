//! From the rows of a tenant to its snapshot.

use saas_core::Id;
use saas_tenancy::{Database, SystemScope, Tenant, TenantTx};

use super::{Snapshot, graph::Graph};
use crate::{
    Error, Presets,
    policy::{
        PolicyLoad,
        store::{PolicyRule, Rules as _},
    },
};

/// How many rows are in memory at once.
const PAGE: i64 = 10_000;

pub(super) async fn snapshot(
    database: &Database,
    tenant: &Tenant,
    presets: &Presets,
) -> Result<Snapshot, Error> {
    let scope = SystemScope::<PolicyLoad>::enter().within(tenant);
    // From the primary and of one state: a change that was heard of must not be overlooked.
    let graph = graph(&mut database.read_snapshot(&scope), presets).await?;
    for (role, permission) in graph.unknown() {
        tracing::warn!(
            tenant = %tenant.id(), role, permission,
            "a role names a permission that the program does not have; it allows nothing"
        );
    }
    Ok(Snapshot::compile(&graph))
}

/// Reads all rules of the transaction's tenant.
pub(crate) async fn graph(tx: &mut TenantTx, presets: &Presets) -> Result<Graph, Error> {
    let mut graph = Graph::new(presets);
    let mut after: Id<PolicyRule> = Id::from_uuid(Default::default());
    loop {
        let rules = tx.rules_after(after, PAGE).await?;
        for rule in &rules {
            graph.add(rule);
        }
        match rules.last() {
            Some(last) if i64::try_from(rules.len()).is_ok_and(|read| read == PAGE) => {
                after = last.id;
            }
            _ => return Ok(graph),
        }
    }
}
