//! A decision beside those of other engines, in one run, by the number of rules.
//!
//! `cargo xtask rivals` prints the tables. What a rule is differs: for the roles of a tenant it is one line of
//! its rules, nearly all of which say who holds which role; for the others it is one line of a policy that
//! lets one user do one thing. What stands at the end of a line is the multiple of the bare lookups that any
//! engine has to make, in maps with as many entries.

mod measure;
mod others;
mod ours;

use measure::{baseline, row};

const RULES: [usize; 4] = [10, 1_000, 100_000, 1_000_000];

#[tokio::main]
async fn main() {
    println!("\nA permission as a type, of a caller who is signed in, against ArcSwap and one lookup by an id");
    for rules in RULES {
        let one = baseline::one_lookup(rules);
        row("ArcSwap, one id", rules, one, one);
        for tenants in [1, 1_000] {
            if rules / tenants < 1 {
                continue;
            }
            let tenant = ours::Tenants::plant(rules, tenants).await;
            let name = format!("typed, {tenants} tenants, {}", tenant.memory());
            row(&name, rules, tenant.decide(), one);
            if rules == 100_000 {
                let (alone, together) = tenant.two_threads();
                let bare = baseline::two_threads();
                println!(
                    "  two threads do {:.2} times what one does, the bare lookup {bare:.2} times",
                    together / alone
                );
            }
        }
    }

    println!("\nsub, dom, obj, act as texts, against ArcSwap and three lookups by a text");
    for rules in RULES {
        let three = baseline::three_lookups(rules);
        row("ArcSwap, three texts", rules, three, three);
        let (engine, took) = ours::texts(rules);
        row(&format!("compiled, loaded in {took:.2?}"), rules, engine.decide(), three);
        row("casbin-rs enforce", rules, others::casbin(rules).await, three);
        if rules <= 100_000 {
            row("Cedar", rules, others::cedar(rules), three);
            row("regorus", rules, others::regorus(rules), three);
        }
    }
}
