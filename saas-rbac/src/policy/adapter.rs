//! Casbin's adapter over the database of the service, one tenant at a time.

use async_trait::async_trait;
use casbin::{
    Adapter, Filter, Model,
    error::{AdapterError, Error as CasbinError},
};
use saas_tenancy::{Database, Scope, SystemScope, Tenant};

use super::{
    PolicyLoad, model,
    store::{NewRule, PolicyRule, Rules as _},
};
use crate::Presets;

/// Loads and saves the Casbin rules of one tenant.
///
/// The built-in roles are not rows: their rules come from the program's presets, so that a new
/// version of the program holds for every tenant at once.
#[derive(Debug, Clone)]
pub struct TenantAdapter {
    database: Database,
    scope: Scope,
    presets: Presets,
}

impl TenantAdapter {
    /// Makes the adapter of a tenant.
    #[must_use]
    pub fn new(database: Database, tenant: &Tenant, presets: Presets) -> Self {
        Self {
            database,
            scope: SystemScope::<PolicyLoad>::enter().within(tenant),
            presets,
        }
    }

    fn domain(&self) -> String {
        model::domain(self.scope.tenant().id())
    }

    async fn add(&self, rules: Vec<(String, Vec<String>)>) -> casbin::Result<bool> {
        let mut tx = self.database.write(&self.scope);
        for (ptype, rule) in rules {
            let new = self.row(ptype, rule)?;
            tx.repo::<PolicyRule>().insert(new).await.map_err(adapter)?;
        }
        tx.commit().await.map_err(adapter)?;
        Ok(true)
    }

    async fn remove(&self, rules: Vec<(String, Vec<String>)>) -> casbin::Result<bool> {
        let mut tx = self.database.write(&self.scope);
        let mut all = true;
        for (ptype, rule) in rules {
            let NewRule {
                ptype,
                v0,
                v1,
                v2,
                v3,
            } = self.row(ptype, rule)?;
            all &= tx
                .delete_rule(&ptype, &v0, &v1, &v2, &v3)
                .await
                .map_err(adapter)?
                > 0;
        }
        tx.commit().await.map_err(adapter)?;
        Ok(all)
    }

    /// Turns a rule into a row, and refuses one of another tenant.
    fn row(&self, ptype: String, rule: Vec<String>) -> casbin::Result<NewRule> {
        let mut rule = rule.into_iter();
        let mut next = || rule.next().unwrap_or_default();
        let (v0, v1, v2, v3, effect) = (next(), next(), next(), next(), next());
        let domain = if ptype == "g" { &v2 } else { &v1 };
        if *domain != self.domain() || !(effect.is_empty() || effect == "allow") {
            return Err(adapter("the rule is of another tenant, or no allow"));
        }
        Ok(NewRule {
            ptype,
            v0,
            v1,
            v2,
            v3,
        })
    }
}

fn adapter(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> CasbinError {
    CasbinError::AdapterError(AdapterError(error.into()))
}

fn line(row: &PolicyRule) -> Vec<String> {
    let mut line = vec![row.v0.clone(), row.v1.clone(), row.v2.clone()];
    if row.ptype == "p" {
        line.extend([row.v3.clone(), "allow".to_owned()]);
    }
    line
}

#[async_trait]
impl Adapter for TenantAdapter {
    async fn load_policy(&mut self, m: &mut dyn Model) -> casbin::Result<()> {
        let domain = self.domain();
        for (role, permissions) in self.presets.iter() {
            for permission in permissions {
                let (object, action) = model::parts(permission);
                let rule =
                    [&model::role(role), &domain, object, action, "allow"].map(ToOwned::to_owned);
                m.add_policy("p", "p", rule.to_vec());
            }
        }
        let mut tx = self.database.read(&self.scope);
        for row in tx.all_rules().await.map_err(adapter)? {
            m.add_policy(&row.ptype, &row.ptype, line(&row));
        }
        Ok(())
    }

    async fn load_filtered_policy<'a>(
        &mut self,
        m: &mut dyn Model,
        _: Filter<'a>,
    ) -> casbin::Result<()> {
        // One tenant is already the filter.
        self.load_policy(m).await
    }

    async fn save_policy(&mut self, m: &mut dyn Model) -> casbin::Result<()> {
        let built_in: Vec<String> = self
            .presets
            .iter()
            .map(|(role, _)| model::role(role))
            .collect();
        let mut rules = Vec::new();
        for section in ["p", "g"] {
            for rule in m.get_policy(section, section) {
                let from_preset = section == "p"
                    && rule
                        .first()
                        .is_some_and(|subject| built_in.contains(subject));
                if !from_preset {
                    rules.push(self.row(section.to_owned(), rule)?);
                }
            }
        }
        let mut tx = self.database.write(&self.scope);
        tx.delete_all_rules().await.map_err(adapter)?;
        for rule in rules {
            tx.repo::<PolicyRule>()
                .insert(rule)
                .await
                .map_err(adapter)?;
        }
        tx.commit().await.map_err(adapter)
    }

    async fn clear_policy(&mut self) -> casbin::Result<()> {
        let mut tx = self.database.write(&self.scope);
        tx.delete_all_rules().await.map_err(adapter)?;
        tx.commit().await.map_err(adapter)
    }

    fn is_filtered(&self) -> bool {
        false
    }

    async fn add_policy(
        &mut self,
        _: &str,
        ptype: &str,
        rule: Vec<String>,
    ) -> casbin::Result<bool> {
        self.add(vec![(ptype.to_owned(), rule)]).await
    }

    async fn add_policies(
        &mut self,
        _: &str,
        ptype: &str,
        rules: Vec<Vec<String>>,
    ) -> casbin::Result<bool> {
        self.add(
            rules
                .into_iter()
                .map(|rule| (ptype.to_owned(), rule))
                .collect(),
        )
        .await
    }

    async fn remove_policy(
        &mut self,
        _: &str,
        ptype: &str,
        rule: Vec<String>,
    ) -> casbin::Result<bool> {
        self.remove(vec![(ptype.to_owned(), rule)]).await
    }

    async fn remove_policies(
        &mut self,
        _: &str,
        ptype: &str,
        rules: Vec<Vec<String>>,
    ) -> casbin::Result<bool> {
        self.remove(
            rules
                .into_iter()
                .map(|rule| (ptype.to_owned(), rule))
                .collect(),
        )
        .await
    }

    async fn remove_filtered_policy(
        &mut self,
        _: &str,
        ptype: &str,
        field_index: usize,
        field_values: Vec<String>,
    ) -> casbin::Result<bool> {
        let mut tx = self.database.read(&self.scope);
        let rows = tx.all_rules().await.map_err(adapter)?;
        drop(tx);
        let matches = |row: &PolicyRule| {
            row.ptype == ptype
                && line(row)
                    .iter()
                    .skip(field_index)
                    .zip(&field_values)
                    .all(|(have, want)| want.is_empty() || have == want)
        };
        let rules: Vec<_> = rows
            .iter()
            .filter(|row| matches(row))
            .map(|row| (row.ptype.clone(), line(row)))
            .collect();
        if rules.is_empty() {
            Ok(false)
        } else {
            self.remove(rules).await
        }
    }
}
