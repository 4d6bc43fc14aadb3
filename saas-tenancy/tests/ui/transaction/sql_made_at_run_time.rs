//! A statement is a literal of the program.
async fn inject(tx: &mut saas_tenancy::SystemTx, name: &str) {
    let _ = tx.fetch_all(&format!("SELECT * FROM saas_tenants WHERE name = '{name}'"), &[]).await;
}

fn main() {}
