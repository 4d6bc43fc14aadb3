//! A transaction that was committed is gone.

use saas_tenancy::{Error, TenantTx};

async fn twice(tx: TenantTx) -> Result<(), Error> {
    tx.commit().await?;
    tx.commit().await
}

async fn goes_on(tx: TenantTx) -> Result<(), Error> {
    tx.rollback().await?;
    let _ = tx.scope();
    Ok(())
}

fn main() {}
