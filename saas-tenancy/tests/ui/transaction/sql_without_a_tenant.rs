//! A transaction in a tenant takes no SQL by hand, save for what row-level security alone guards.

use saas_tenancy::{Error, TenantTx};

async fn unbound(tx: &mut TenantTx) -> Result<(), Error> {
    tx.fetch_all("SELECT * FROM notes", &[]).await?;
    tx.execute("DELETE FROM notes", &[]).await?;
    Ok(())
}

async fn put_together(tx: &mut TenantTx, title: &str) -> Result<(), Error> {
    let sql = format!("SELECT * FROM notes WHERE title = '{title}'");
    tx.rls_only(&sql, &[]).await?;
    Ok(())
}

fn main() {}
