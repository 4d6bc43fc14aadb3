//! Casbin with models of the program's own.

mod attributes;
mod csv;
mod differential;
mod hierarchy;
mod hostile;
mod model;
mod paths;
mod rules;
mod scale;
mod sections;
mod store;

use saas_rbac::casbin::{Enforcer, EnforcerBuilder, Model, Path, Policy};

const ALLOW: &str = "some(where (p.eft == allow))";
const DENY: &str = "!some(where (p.eft == deny))";
const BOTH: &str = "some(where (p.eft == allow)) && !some(where (p.eft == deny))";
const PRIORITY: &str = "priority(p.eft) || deny";

/// A model with the usual sections; without roles when `roles` is empty.
fn conf(request: &str, policy: &str, roles: &[&str], effect: &str, matcher: &str) -> String {
    let mut text =
        format!("[request_definition]\nr = {request}\n[policy_definition]\np = {policy}\n");
    if !roles.is_empty() {
        text.push_str("[role_definition]\n");
        for (at, role) in roles.iter().enumerate() {
            let number = if at == 0 {
                String::new()
            } else {
                (at + 1).to_string()
            };
            text.push_str(&format!("g{number} = {role}\n"));
        }
    }
    text.push_str(&format!(
        "[policy_effect]\ne = {effect}\n[matchers]\nm = {matcher}\n"
    ));
    text
}

fn load(conf: &str, csv: &str) -> (Model, Policy) {
    let model = Model::parse(conf).unwrap();
    let policy = Policy::from_csv(csv, &model).unwrap();
    (model, policy)
}

fn with(conf: &str, csv: &str, set: impl FnOnce(EnforcerBuilder) -> EnforcerBuilder) -> Enforcer {
    let (model, policy) = load(conf, csv);
    set(Enforcer::builder(model)).build(policy).unwrap()
}

/// The enforcer as it decides by itself, and one where casbin does.
fn both(conf: &str, csv: &str) -> [Enforcer; 2] {
    [
        with(conf, csv, |it| it),
        with(conf, csv, EnforcerBuilder::interpreted),
    ]
}

fn compiled(enforcer: &Enforcer) -> bool {
    *enforcer.path() == Path::Compiled
}

/// Checks cases written `alice data1 read = yes`, on both paths.
fn check(conf: &str, csv: &str, cases: &str) {
    for enforcer in both(conf, csv) {
        cases_hold(&enforcer, cases);
    }
}

fn cases_hold(enforcer: &Enforcer, cases: &str) {
    let lines = cases.lines().map(str::trim).filter(|line| !line.is_empty());
    for line in lines {
        let (request, answer) = line.rsplit_once(" = ").unwrap();
        let request: Vec<&str> = request
            .split(' ')
            .map(|word| word.trim_matches('\''))
            .collect();
        let got = enforcer.enforce(&request).unwrap();
        assert_eq!(got, answer == "yes", "{line} by {:?}", enforcer.path());
    }
}

fn refusal<T>(result: Result<T, saas_rbac::Error>) -> String {
    match result {
        Ok(_) => panic!("not refused"),
        Err(error) => error.to_string(),
    }
}
