//! The backends give the same answers (STO-26).

use std::{collections::BTreeMap, ops::Range};

use proptest::{prelude::*, test_runner::TestRunner};
use saas_storage::{Error, Existing, PutOptions};

use crate::world::{World, body, collect, key, worlds};

/// Names that are files, folders and neighbours of each other.
const NAMES: &[&str] = &[
    "a", "a/b", "a/b/c", "a/c", "a-b", "a.b/c", "b", "b/é", "b/é/x", "a/b-c", "é",
];
const PREFIXES: &[&str] = &["", "a", "a/", "a/b", "b", "none"];

#[derive(Debug, Clone)]
enum Op {
    Put(usize, String, bool),
    PutCut(usize),
    Get(usize, Option<Range<u64>>),
    Stat(usize),
    Delete(usize),
    Copy(usize, usize, bool),
    Rename(usize, usize, bool),
    List(usize, Option<usize>, usize),
}

fn op() -> impl Strategy<Value = Op> {
    let name = 0..NAMES.len();
    let range = proptest::option::of((0..14_u64, 0..14_u64).prop_map(|(from, to)| from..to));
    prop_oneof![
        5 => (name.clone(), "[a-z]{0,12}", any::<bool>()).prop_map(|(n, text, keep)| Op::Put(n, text, keep)),
        1 => name.clone().prop_map(Op::PutCut),
        2 => (name.clone(), range).prop_map(|(n, range)| Op::Get(n, range)),
        1 => name.clone().prop_map(Op::Stat),
        3 => name.clone().prop_map(Op::Delete),
        1 => (name.clone(), name.clone(), any::<bool>()).prop_map(|(a, b, keep)| Op::Copy(a, b, keep)),
        1 => (name.clone(), name.clone(), any::<bool>()).prop_map(|(a, b, keep)| Op::Rename(a, b, keep)),
        2 => (0..PREFIXES.len(), proptest::option::of(name), 1..5_usize)
            .prop_map(|(prefix, after, limit)| Op::List(prefix, after, limit)),
    ]
}

fn options(keep: bool) -> PutOptions {
    let existing = if keep {
        Existing::Keep
    } else {
        Existing::Replace
    };
    PutOptions::default().existing(existing)
}

/// Does it, and writes down what came of it without what may differ.
async fn done(world: &World, op: &Op) -> String {
    let (storage, scope) = (&world.storage, &world.acme);
    let said = |error: Error| format!("refused: {error}");
    match op {
        Op::Put(n, text, keep) => {
            let put = storage
                .put_with(scope, &key(NAMES[*n]), body(&[text]), options(*keep))
                .await;
            put.map_or_else(said, |info| format!("{} {}", info.path, info.size))
        }
        Op::PutCut(n) => {
            let cut = Box::pin(futures_util::stream::iter([Err("cut".into())]));
            let put = storage.put(scope, &key(NAMES[*n]), cut).await;
            put.map_or_else(said, |_| "kept".to_owned())
        }
        Op::Get(n, range) => match storage.get(scope, &key(NAMES[*n]), range.clone()).await {
            Ok((info, contents)) => {
                let text = String::from_utf8(collect(contents).await).unwrap();
                format!("{} {} {text}", info.path, info.size)
            }
            Err(error) => said(error),
        },
        Op::Stat(n) => {
            let stat = storage.stat(scope, &key(NAMES[*n])).await;
            stat.map_or_else(said, |info| format!("{} {}", info.path, info.size))
        }
        Op::Delete(n) => {
            let delete = storage.delete(scope, &key(NAMES[*n])).await;
            delete.map_or_else(said, |there| there.to_string())
        }
        Op::Copy(a, b, keep) => {
            let (from, to) = (key(NAMES[*a]), key(NAMES[*b]));
            let copy = storage.copy(scope, &from, &to, options(*keep)).await;
            copy.map_or_else(said, |info| format!("{} {}", info.path, info.size))
        }
        Op::Rename(a, b, keep) => {
            let (from, to) = (key(NAMES[*a]), key(NAMES[*b]));
            let rename = storage.rename(scope, &from, &to, options(*keep)).await;
            rename.map_or_else(said, |info| format!("{} {}", info.path, info.size))
        }
        Op::List(prefix, after, limit) => {
            let (prefix, after) = (
                PREFIXES[*prefix].parse().unwrap(),
                after.map(|n| key(NAMES[n])),
            );
            let page = storage.list(scope, &prefix, after.as_ref(), *limit).await;
            page.map_or_else(said, |page| {
                let items: Vec<_> = page
                    .items
                    .iter()
                    .map(|info| (info.path.as_str(), info.size))
                    .collect();
                format!("{items:?} {:?}", page.next)
            })
        }
    }
}

/// The same in a few lines, without a backend.
fn foretold(files: &mut BTreeMap<&'static str, String>, op: &Op) -> Option<String> {
    let refused = |error: Error| Some(format!("refused: {error}"));
    let taken = |files: &BTreeMap<&str, String>, name: &str| {
        let within = |folder: &str, name: &str| {
            name.strip_prefix(folder)
                .is_some_and(|rest| rest.starts_with('/'))
        };
        files
            .keys()
            .any(|other| within(other, name) || within(name, other))
    };
    match op {
        Op::Put(n, ..) | Op::PutCut(n) if taken(files, NAMES[*n]) => refused(Error::Conflict),
        Op::Put(n, _, true) if files.contains_key(NAMES[*n]) => refused(Error::Exists),
        Op::Put(n, text, _) => {
            files.insert(NAMES[*n], text.clone());
            Some(format!("{} {}", NAMES[*n], text.len()))
        }
        Op::PutCut(_) => refused(Error::Source("cut".into())),
        Op::Delete(n) => Some(files.remove(NAMES[*n]).is_some().to_string()),
        Op::Stat(n) => match files.get(NAMES[*n]) {
            Some(text) => Some(format!("{} {}", NAMES[*n], text.len())),
            None => refused(Error::NotFound),
        },
        Op::Get(n, range) => match files.get(NAMES[*n]) {
            None => refused(Error::NotFound),
            Some(text) => {
                let size = text.len() as u64;
                let range = range.clone().unwrap_or(0..size);
                if range.start > range.end || range.end > size {
                    return refused(Error::Range { size });
                }
                let part = &text[range.start as usize..range.end as usize];
                Some(format!("{} {size} {part}", NAMES[*n]))
            }
        },
        Op::Copy(a, b, keep) | Op::Rename(a, b, keep) => {
            let (from, to) = (NAMES[*a], NAMES[*b]);
            let Some(text) = files.get(from).cloned() else {
                return refused(Error::NotFound);
            };
            if from != to && taken(files, to) {
                return refused(Error::Conflict);
            }
            if *keep && files.contains_key(to) {
                return refused(Error::Exists);
            }
            if matches!(op, Op::Rename(..)) {
                files.remove(from);
            }
            files.insert(to, text.clone());
            Some(format!("{to} {}", text.len()))
        }
        Op::List(..) => None,
    }
}

#[test]
fn sto_26_random_operations_give_the_same_on_every_backend() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let worlds = runtime.block_on(worlds());
    let cases = if cfg!(debug_assertions) { 24 } else { 1000 };
    let mut config = ProptestConfig::with_cases(cases);
    config.failure_persistence = None;
    let mut runner = TestRunner::new(config);
    let ops = prop::collection::vec(op(), 1..40);
    let result = runner.run(&ops, |ops| {
        runtime.block_on(async {
            for world in &worlds {
                for name in world.names(&world.acme, "").await {
                    world
                        .storage
                        .delete(&world.acme, &key(&name))
                        .await
                        .unwrap();
                }
            }
            let mut files = BTreeMap::new();
            for op in &ops {
                let told = foretold(&mut files, op);
                let mut first = None;
                for world in &worlds {
                    let done = done(world, op).await;
                    if let Some(told) = &told {
                        prop_assert_eq!(&done, told, "{:?} {:?}", op, world.storage);
                    }
                    let first = first.get_or_insert_with(|| done.clone());
                    prop_assert_eq!(&done, &*first, "{:?} {:?}", op, world.storage);
                }
            }
            let names: Vec<_> = files.keys().map(|name| (*name).to_owned()).collect();
            for world in &worlds {
                prop_assert_eq!(&world.names(&world.acme, "").await, &names);
                prop_assert_eq!(world.staged(), 0);
            }
            Ok(())
        })
    });
    result.unwrap();
}
