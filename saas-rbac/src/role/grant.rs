//! Nobody gives what he lacks.

use saas_core::Granted;
use saas_tenancy::{Actor, TenantTx};

use super::{Presets, Role, Subject};
use crate::{
    Error,
    engine::{Bits, graph::Graph},
    policy::{
        lines,
        store::{PolicyRule, Rules as _},
    },
};

/// The name of the lock under which the rules of a tenant are changed, one change after the other.
const LOCK: &str = "saas_rules";

/// Waits until nobody else changes the rules of the tenant.
pub(super) async fn lock(tx: &mut TenantTx) -> Result<(), Error> {
    Ok(tx.lock(LOCK).await?)
}

/// The rules of all roles of a tenant as a transaction sees them, without those who hold them.
pub(super) struct RoleRules {
    rows: Vec<PolicyRule>,
    pub(super) graph: Graph,
    presets: Presets,
}

/// What is touched by whoever gives, takes or changes roles.
#[derive(Default)]
pub(super) struct Touched {
    permissions: Bits,
    /// Whether there are permissions among them that this version of the program does not know.
    unknown: bool,
}

impl RoleRules {
    pub(super) async fn read(presets: &Presets, tx: &mut TenantTx) -> Result<Self, Error> {
        let rows = tx.rules_of_roles().await?;
        let mut graph = Graph::new(presets);
        for row in &rows {
            graph.add(row);
        }
        Ok(Self {
            rows,
            graph,
            presets: presets.clone(),
        })
    }

    /// Gives what some roles allow and deny, with what they inherit.
    pub(super) fn touched(&self, roles: &[&str]) -> Touched {
        let mut touched = Touched::default();
        for rules in roles.iter().filter_map(|role| self.graph.role(role)) {
            touched.permissions.add(&rules.allow);
            touched.permissions.add(&rules.deny);
            touched.unknown |= rules.unknown;
        }
        touched
    }

    /// Shows a role that the tenant has made.
    pub(super) fn role(&self, name: &str, description: String) -> Role {
        let subject = lines::role(name);
        let rows = self.rows.iter().filter(|row| row.v0 == subject);
        super::show(&self.presets, name, description, rows)
    }

    /// Finds out who makes the changes of the transaction. What a caller holds is read inside of it, not from a
    /// cache, and before the first change, which may already be of a role of his own.
    pub(super) async fn grantor(&mut self, tx: &mut TenantTx) -> Result<Grantor, Error> {
        let principal = match tx.scope().actor() {
            Actor::Principal(principal) => principal.clone(),
            Actor::System(_) => return Ok(Grantor::Service),
            _ => return Err(Error::Escalation),
        };
        let caller = Subject::from(&principal);
        self.include(tx, caller).await?;
        let mut held = self.graph.unbounded(caller);
        if let Granted::Only(scopes) = principal.granted() {
            // What the caller has not given to the program, the program cannot give away.
            let covered = scopes
                .iter()
                .filter_map(|scope| self.presets.bit_named(scope));
            held.keep(&covered.collect());
        }
        Ok(Grantor::Caller(held))
    }

    /// Adds what a subject has, by itself and by its groups.
    pub(super) async fn include(
        &mut self,
        tx: &mut TenantTx,
        subject: Subject,
    ) -> Result<(), Error> {
        for row in tx.groupings_of(&subject.to_string()).await? {
            // Groups are in no group themselves.
            if row.v1.starts_with("group:") {
                for of_group in tx.groupings_of(&row.v1).await? {
                    self.graph.add(&of_group);
                }
            }
            self.graph.add(&row);
        }
        Ok(())
    }
}

/// Who makes a change, with what he held before it.
pub(super) enum Grantor {
    /// The service itself, which may give anything.
    Service,
    /// A caller, with what he would hold in the largest edition: what the tenant may buy tomorrow is not given
    /// away today.
    Caller(Bits),
}

impl Grantor {
    /// Refuses a change that touches a permission which he lacks, or one of which nobody here knows what it
    /// is.
    pub(super) fn require(&self, touched: &Touched) -> Result<(), Error> {
        let Self::Caller(held) = self else {
            return Ok(());
        };
        let mut lacking = touched.permissions.clone();
        lacking.remove(held);
        if lacking.is_empty() && !touched.unknown {
            Ok(())
        } else {
            Err(Error::Escalation)
        }
    }
}

/// Gives the roles that a subject has itself as the transaction sees them, sorted.
pub(super) async fn roles_of(tx: &mut TenantTx, subject: Subject) -> Result<Vec<String>, Error> {
    let rows = tx.groupings_of(&subject.to_string()).await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| row.v1.strip_prefix("role:").map(ToOwned::to_owned))
        .collect())
}
