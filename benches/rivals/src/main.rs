//! A decision beside those of other engines, in one run, by the number of rules.
//!
//! `cargo run --release` prints the tables. What a rule is differs: for the roles of a tenant it is one line of
//! its rules, nearly all of which say who holds which role; for the others it is one line of a policy that
//! lets one user do one thing.

mod measure;
mod ours;
mod others;

use measure::{baseline, row};

const RULES: [usize; 4] = [10, 1_000, 100_000, 1_000_000];

#[tokio::main]
async fn main() {
    let (one, three) = (baseline::one_lookup(), baseline::three_lookups());
    println!("\nThe measure: ArcSwap and one hash lookup, ArcSwap and three lookups by text");
    row("ArcSwap, one id", 0, one, one);
    row("ArcSwap, three texts", 0, three, three);

    println!("\nA permission as a type, of a caller who is signed in (against one lookup)");
    for rules in RULES {
        for tenants in [1, 1_000] {
            if rules / tenants < 1 {
                continue;
            }
            let tenant = ours::Tenants::plant(rules, tenants).await;
            let name = format!("typed, {tenants} tenants, {}", tenant.memory());
            row(&name, rules, tenant.decide(), one);
            if rules == 100_000 {
                let (alone, together) = tenant.two_threads();
                println!("  two threads do {:.2} times what one does", together / alone);
            }
        }
    }

    println!("\nsub, dom, obj, act as texts (against three lookups)");
    for rules in RULES {
        let (engine, took) = ours::texts(rules);
        row(&format!("compiled, loaded in {took:.2?}"), rules, engine.decide(), three);
    }
    for rules in RULES {
        let casbin = others::casbin(rules).await;
        row("casbin-rs enforce", rules, casbin, three);
    }
    for rules in [10, 1_000, 100_000] {
        row("Cedar", rules, others::cedar(rules), three);
    }
    for rules in [10, 1_000, 100_000] {
        row("regorus", rules, others::regorus(rules), three);
    }
}
