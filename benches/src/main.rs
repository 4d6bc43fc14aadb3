//! What the parts and the whole cost, beside what others do. `cargo xtask bench` calls it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark that cannot run has failed"
)]

mod by_hand;
mod growth;
mod http;
mod load;
mod parts;
mod passwords;
mod plot;
mod process;
mod record;
mod report;
mod rows;
mod scale;
mod server;
mod tenants;

use std::path::Path;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let id = |text: &str| text.parse().unwrap();
    match arguments.as_slice() {
        ["bare", url, tenant] => by_hand::bare(url, id(tenant)).await,
        ["wired", url, secret, user, tenant, rules] => {
            let rules = rules.parse().unwrap();
            by_hand::wired(url, secret, id(user), id(tenant), rules).await;
        }
        ["http", starter] => http::measure(&Path::new(starter).canonicalize().unwrap()).await,
        ["passwords"] => passwords::measure().await,
        ["tenants"] => tenants::measure().await,
        ["scale", starter] => {
            scale::measure().await;
            growth::measure(&Path::new(starter).canonicalize().unwrap()).await;
        }
        ["rules", count, tenants] => {
            scale::rules(count.parse().unwrap(), tenants.parse().unwrap()).await;
        }
        ["parts", suite, criterion] => parts::keep(suite, Path::new(criterion)),
        ["keep", suite, rows] => record::keep(suite, rows),
        ["report", docs] => report::write(Path::new(docs)),
        _ => panic!(
            "benches http <starter> | passwords | tenants | scale <starter> | parts <suite> <criterion> | keep <suite> <rows> | report <docs>"
        ),
    }
}
