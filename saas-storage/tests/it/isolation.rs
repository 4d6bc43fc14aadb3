//! No text leads from one tenant to another, on any backend.

use proptest::{prelude::*, test_runner::TestRunner};
use saas_storage::{Error, Key};

use crate::world::{body, worlds};

#[test]
fn sto_01_no_text_of_one_tenant_reaches_another_on_any_backend() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let worlds = runtime.block_on(worlds());
    let mut config = ProptestConfig::with_cases(40);
    config.failure_persistence = None;
    let text = prop_oneof![
        "[a-z./%:;?#+&=@ -]{1,20}",
        "\\PC{1,30}",
        "(\\.\\.?/|[a-z]/){0,5}[a-z.]{1,3}",
        Just("tenants".to_owned()),
        Just("objects/00/x".to_owned()),
    ];
    let result = TestRunner::new(config).run(&text, |text| {
        runtime.block_on(async {
            for world in &worlds {
                // Both with the plain text, and with the space of the other in front of it.
                let theirs = format!("../{}/{text}", world.beta.tenant().id());
                prop_assert!(theirs.parse::<Key>().is_err());
                let Ok(name) = text.parse::<Key>() else {
                    continue;
                };
                let (storage, acme, beta) = (&world.storage, &world.acme, &world.beta);
                storage.put(acme, &name, body(&["canary"])).await.unwrap();
                let got = world.read(beta, name.as_str()).await;
                prop_assert!(
                    matches!(got, Err(Error::NotFound)),
                    "{:?} {:?}",
                    storage,
                    got
                );
                prop_assert!(world.names(beta, "").await.is_empty());
                prop_assert!(!storage.delete(beta, &name).await.unwrap());
                prop_assert_eq!(&world.read(acme, name.as_str()).await.unwrap(), "canary");
                prop_assert_eq!(world.names(acme, "").await, [name.to_string()]);
                prop_assert!(storage.delete(acme, &name).await.unwrap());
            }
            Ok(())
        })
    });
    result.unwrap();
}
