//! What has to hold of models and policies of others.

use super::{Enforcer, Model, Path, Policy};

/// The model of the README of Casbin.
pub const MODEL: &str = "[request_definition]\nr = sub, obj\n[policy_definition]\np = sub, obj\n\
    [role_definition]\ng = _, _\n[policy_effect]\ne = some(where (p.eft == allow))\n\
    [matchers]\nm = g(r.sub, p.sub) && r.obj == p.obj";

/// Rules that can be read are read again from what is written, each once and in its order.
///
/// # Panics
///
/// When it does not hold.
pub fn csv(text: &str) {
    let Ok(model) = Model::parse(MODEL) else {
        return assert!(MODEL.is_empty(), "no model");
    };
    let Ok(policy) = Policy::from_csv(text, &model) else {
        return;
    };
    let read = Policy::from_csv(&policy.to_csv(), &model).ok();
    for kind in ["p", "g"] {
        let again = read.as_ref().map(|read| read.rules(kind));
        assert_eq!(again, Some(policy.rules(kind)), "{text:?}");
    }
    assert_eq!(read.map(|read| read.to_csv()), Some(policy.to_csv()));
}

/// A model that can be read decides by tables as casbin does, or says that it does not know.
///
/// # Panics
///
/// When it does not hold.
pub fn model(conf: &str, rules: &str, request: &[&str]) {
    let Ok(model) = Model::parse(conf) else {
        return;
    };
    let Ok(policy) = Policy::from_csv(rules, &model) else {
        return;
    };
    let Ok(enforcer) = Enforcer::new(model.clone(), policy.clone()) else {
        return;
    };
    let decided = enforcer.enforce(request).ok();
    assert_eq!(
        enforcer.enforce(request).ok(),
        decided,
        "two decisions differ"
    );
    if *enforcer.path() == Path::Compiled
        && let Ok(casbin) = Enforcer::builder(model).interpreted().build(policy)
        && let (Some(decided), Ok(judge)) = (decided, casbin.enforce(request))
    {
        assert_eq!(decided, judge, "{conf:?} {rules:?} {request:?}");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WORD: &str = "[ab\"#, ]{0,3}";

    proptest! {
        #[test]
        fn rba_10_what_is_read_is_written_as_it_was(text in "([pg](, ?[ab \"#]{0,4}){0,3}\r?\n){0,6}|[p g,\"#\n\r\\p{Any}]{0,40}") {
            csv(&text);
        }

        #[test]
        fn rba_16_17_any_matcher_decides_alike(
            matcher in "(r\\.sub == p\\.sub|g\\(r\\.sub, p\\.sub\\)|r\\.obj == (p\\.obj|'a')|'b' == r\\.sub)(( && | \\|\\| )(r\\.obj == p\\.obj|r\\.sub == 'a')){0,2}",
            rules in "((p, [abc], [abc]|g, [ab], [bc])\n){0,5}",
            (sub, obj) in (WORD, "[abc]"),
        ) {
            let conf = MODEL.rsplit_once("m = ").map(|(head, _)| format!("{head}m = {matcher}")).unwrap();
            model(&conf, &rules, &[&sub, &obj]);
            model(&conf, &rules, &["a", &obj]);
        }
    }
}
