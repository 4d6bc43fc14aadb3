//! The others, each with the policy that suits it, asked about its last rule.

use casbin::{CoreApi as _, MgmtApi as _};

use crate::{
    measure::{Figures, slow},
    ours::{MODEL, rule},
};

pub async fn casbin(rules: usize) -> Figures {
    let model = casbin::DefaultModel::from_str(MODEL).await.unwrap();
    let adapter = casbin::MemoryAdapter::default();
    let mut enforcer = casbin::Enforcer::new(model, adapter).await.unwrap();
    let all = (0..rules).map(|n| rule(n).to_vec()).collect();
    enforcer.add_policies(all).await.unwrap();
    let [sub, dom, obj, act] = rule(rules - 1);
    slow(|_| assert!(enforcer.enforce((&*sub, &*dom, &*obj, &*act)).unwrap()))
}

pub fn cedar(rules: usize) -> Figures {
    use cedar_policy::{Authorizer, Context, Decision, Entities, PolicySet, Request};

    let text: String = (0..rules)
        .map(|n| {
            let [sub, dom, obj, _] = rule(n);
            format!(
                "permit(principal == User::\"{dom}/{sub}\", action == Action::\"read\", resource == Data::\"{dom}/{obj}\");\n"
            )
        })
        .collect();
    let policies: PolicySet = text.parse().unwrap();
    let [sub, dom, obj, _] = rule(rules - 1);
    let request = Request::new(
        format!("User::\"{dom}/{sub}\"").parse().unwrap(),
        "Action::\"read\"".parse().unwrap(),
        format!("Data::\"{dom}/{obj}\"").parse().unwrap(),
        Context::empty(),
        None,
    )
    .unwrap();
    let (authorizer, entities) = (Authorizer::new(), Entities::empty());
    slow(|_| {
        let answer = authorizer.is_authorized(&request, &policies, &entities);
        assert_eq!(answer.decision(), Decision::Allow);
    })
}

pub fn regorus(rules: usize) -> Figures {
    let mut engine = regorus::Engine::new();
    let policy = "package authz\nimport rego.v1\ndefault allow := false\n\
                  allow if { some r in data.rules; r.sub == input.sub; r.dom == input.dom; r.obj == input.obj; r.act == input.act }";
    engine.add_policy("authz.rego".to_owned(), policy.to_owned()).unwrap();
    let line = |n: usize| {
        let [sub, dom, obj, act] = rule(n);
        serde_json::json!({ "sub": sub, "dom": dom, "obj": obj, "act": act })
    };
    let lines: Vec<_> = (0..rules).map(line).collect();
    let data = serde_json::json!({ "rules": lines }).to_string();
    engine.add_data(regorus::Value::from_json_str(&data).unwrap()).unwrap();
    let input = regorus::Value::from_json_str(&line(rules - 1).to_string()).unwrap();
    slow(|_| {
        engine.set_input(input.clone());
        let allowed = engine.eval_rule("data.authz.allow".to_owned()).unwrap();
        assert_eq!(allowed, regorus::Value::from(true));
    })
}
