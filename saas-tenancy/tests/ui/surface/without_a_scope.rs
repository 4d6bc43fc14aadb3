//! What reaches data of a tenant takes its scope.

use saas_tenancy::{
    __private_0_1 as expanded, Database, Domain, DomainProof, Error, Registry, RequestTransaction,
    SystemTx,
};

fn transactions(database: &Database) {
    // surface: Database::read
    let _ = database.read();
    // surface: Database::read_primary
    let _ = database.read_primary();
    // surface: Database::read_snapshot
    let _ = database.read_snapshot();
    // surface: Database::write
    let _ = database.write();
}

async fn again(database: &Database) {
    // surface: Database::transaction
    let _ = database.transaction(async |_| Ok::<(), Error>(())).await;
}

async fn system(tx: SystemTx) {
    // surface: SystemTx::into_scope
    let _ = tx.into_scope().await;
}

fn of_a_request(transaction: &RequestTransaction) {
    // surface: RequestTransaction::resume
    let _ = transaction.resume();
}

async fn domains(registry: &Registry, domain: &Domain, proof: &dyn DomainProof) {
    // surface: Registry::claim_domain
    let _ = registry.claim_domain(domain).await;
    // surface: Registry::verify_domain
    let _ = registry.verify_domain(domain, proof).await;
    // surface: Registry::release_domain
    let _ = registry.release_domain(domain).await;
    // surface: Registry::domains
    let _ = registry.domains().await;
}

async fn what_macros_call() {
    // surface: fetch_all
    let _: Result<Vec<(i64,)>, _> = expanded::fetch_all("SELECT 1", vec![]).await;
    // surface: fetch_optional
    let _: Result<Option<(i64,)>, _> = expanded::fetch_optional("SELECT 1", vec![]).await;
    // surface: fetch_one
    let _: Result<(i64,), _> = expanded::fetch_one("SELECT 1", vec![]).await;
    // surface: execute
    let _ = expanded::execute("SELECT 1", vec![]).await;
}

fn main() {}
