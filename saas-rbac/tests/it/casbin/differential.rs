//! What is compiled decides as casbin does.

use proptest::prelude::*;
use saas_rbac::casbin::{Enforcer, Model, Policy};

use super::{ALLOW, BOTH, DENY, compiled, conf};

const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", ""];

/// Request, rule, roles and matcher of each shape.
const SHAPES: [(&str, &str, &[&str], &str); 6] = [
    (
        "sub, obj",
        "sub, obj",
        &[],
        "r.sub == p.sub && p.obj == r.obj",
    ),
    (
        "sub, obj",
        "obj, sub",
        &["_, _"],
        "g(r.sub, p.sub) && r.obj == p.obj",
    ),
    (
        "sub, obj",
        "sub, obj",
        &["_, _", "_, _"],
        "g(r.sub, p.sub) && g2(r.obj, p.obj)",
    ),
    (
        "sub, dom, obj",
        "sub, dom, obj",
        &["_, _, _"],
        "g(r.sub, p.sub, r.dom) && r.dom == p.dom && r.obj == p.obj",
    ),
    (
        "sub, dom, obj",
        "sub, note, obj",
        &["_, _, _", "_, _, _"],
        "g(r.sub, p.sub, r.dom) && g2(r.obj, p.obj, r.dom) || r.sub == 'e'",
    ),
    (
        "sub, obj",
        "sub, obj",
        &["_, _"],
        "'e' == r.sub || g(r.sub, p.sub) || r.obj == 'd'",
    ),
];

/// A rule of a type, `p`, `g` or `g2`, and whether it is added or removed.
type Step = (u8, [usize; 3], bool, bool);

fn step() -> impl Strategy<Value = Step> {
    (
        0_u8..4,
        [0..NAMES.len(), 0..NAMES.len(), 0..NAMES.len()],
        any::<bool>(),
        prop::bool::weighted(0.75),
    )
}

/// Gives the rule of a step, as far as the shape has such rules.
fn rule(shape: usize, effect: bool, step: &Step) -> Option<(&'static str, Vec<&'static str>)> {
    let (_, fields, roles, _) = SHAPES[shape];
    let (kind, names, allow, _) = step;
    let width = |text: &str| text.split(',').count();
    let (kind, count) = match kind {
        0 | 1 => ("p", width(fields)),
        2 => ("g", width(roles.first()?)),
        _ => ("g2", width(roles.get(1)?)),
    };
    let mut rule: Vec<_> = names.iter().take(count).map(|at| NAMES[*at]).collect();
    if kind == "p" && effect {
        rule.push(match (allow, names[0] + names[1] + names[2]) {
            (true, sum) if sum % 5 == 0 => "indeterminate",
            (true, _) => "allow",
            (false, _) => "deny",
        });
    }
    Some((kind, rule))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn rba_16_17_compiled_and_interpreted_agree(
        shape in 0..SHAPES.len(),
        effect in 0_usize..4,
        first in prop::collection::vec(step(), 0..16),
        changes in prop::collection::vec(step(), 0..8),
    ) {
        let (request, fields, roles, matcher) = SHAPES[shape];
        let with_effect = effect > 0;
        let fields = if with_effect { format!("{fields}, eft") } else { fields.to_owned() };
        let effect = [ALLOW, ALLOW, DENY, BOTH][effect];
        let model = Model::parse(&conf(request, &fields, roles, effect, matcher)).unwrap();
        let mut policy = Policy::new(&model);
        for step in &first {
            if let Some((kind, rule)) = rule(shape, with_effect, step) {
                let _ = policy.insert(kind, &rule);
            }
        }
        let quick = Enforcer::new(model.clone(), policy.clone()).unwrap();
        let slow = Enforcer::builder(model.clone()).interpreted().build(policy).unwrap();
        prop_assert!(compiled(&quick) && !compiled(&slow));
        agree(&quick, &slow, request)?;
        for step in &changes {
            let Some((kind, rule)) = rule(shape, with_effect, step) else { continue };
            let change = if step.3 { Enforcer::add } else { Enforcer::remove };
            let answers = [&quick, &slow].map(|it| change(it, kind, &rule).map_err(|error| error.to_string()));
            prop_assert_eq!(&answers[0], &answers[1]);
        }
        agree(&quick, &slow, request)?;
        let anew = Policy::from_csv(&quick.policy().to_csv(), &model).unwrap();
        agree(&Enforcer::new(model, anew).unwrap(), &slow, request)?;
    }
}

fn agree(quick: &Enforcer, slow: &Enforcer, request: &str) -> Result<(), TestCaseError> {
    let mut names = NAMES.to_vec();
    names.push("unknown");
    let mut requests = vec![Vec::new()];
    for _ in request.split(',') {
        requests = requests
            .iter()
            .flat_map(|begun| {
                names
                    .iter()
                    .map(move |name| [begun.as_slice(), &[*name]].concat())
            })
            .collect();
    }
    for request in requests {
        let (quick, slow) = (
            quick.enforce(&request).unwrap(),
            slow.enforce(&request).unwrap(),
        );
        prop_assert_eq!(quick, slow, "{:?}", request);
    }
    Ok(())
}

#[test]
fn texts_of_removed_rules_do_not_stay() {
    let conf = conf("sub", "sub", &[], ALLOW, "r.sub == p.sub");
    let enforcer = super::with(&conf, "p, stays", |it| it);
    for at in 0..3_000 {
        let name = format!("user{at}");
        enforcer.add("p", &[&name]).unwrap();
        assert!(enforcer.enforce(&[&*name]).unwrap());
        enforcer.remove("p", &[&name]).unwrap();
        assert!(!enforcer.enforce(&[&*name]).unwrap());
    }
    assert!(enforcer.enforce(&["stays"]).unwrap());
}
