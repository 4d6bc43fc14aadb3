//! Data to look at: a demo tenant for a first start, and tenants with canaries for tests.

use std::error::Error;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use saas_auth::{Device, Email, Membership};
use saas_core::{Problem, Secret, TenantId, UserId};
use saas_rbac::RoleSpec;
use saas_storage::{ByteStream, GrantTo, Key, NewGrant, Storage as _};
use saas_tenancy::{NewTenant, PageQuery, Reason, Slug, SystemScope, Tenant};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::{
    boot,
    config::{Environment, StarterConfig},
    projects::{NewProject, Project},
    signup,
    state::AppState,
    tasks::{NewTask, Task},
};

/// Plants data for a first look and for tests.
pub(crate) struct Seed;

impl Reason for Seed {
    const NAME: &'static str = "seed";
    const WHY: &'static str =
        "a development server plants data to look at, and tests plant canaries";
}

/// The demo tenant that was just made.
pub(crate) struct Demo {
    pub(crate) tenant: &'static str,
    pub(crate) email: &'static str,
    pub(crate) password: Secret<String>,
}

/// Makes the demo tenant, unless there is one.
pub(crate) async fn demo(state: &AppState) -> Result<Option<Demo>, Box<dyn Error>> {
    let (tenant, email) = ("demo", "owner@demo.test");
    let slug: Slug = tenant.parse()?;
    if state.registry.by_slug(&slug).await?.is_some() {
        return Ok(None);
    }
    let mut bytes = [0; 15];
    getrandom::fill(&mut bytes).map_err(|error| error.to_string())?;
    let password = Secret::new(URL_SAFE_NO_PAD.encode(bytes));
    let created = signup::create(
        state,
        NewTenant::new(slug, "Demo"),
        &email.parse()?,
        &password,
        "Demo Owner".into(),
        &Device::default(),
    )
    .await;
    match created {
        Ok(_) => Ok(Some(Demo {
            tenant,
            email,
            password,
        })),
        // Another instance was faster, or the address has an account.
        Err(problem) if problem.code().status().is_client_error() => Ok(None),
        Err(problem) => Err(problem.into()),
    }
}

/// A tenant that was planted, with everything that a test needs to use it.
#[derive(Debug, Serialize)]
pub(crate) struct Planted {
    id: TenantId,
    slug: String,
    /// 128 bits, in hexadecimal, that stand in every text, file name and file of this tenant and
    /// nowhere else.
    canary: String,
    users: Vec<PlantedUser>,
    projects: Vec<String>,
    tasks: Vec<String>,
    files: Vec<String>,
}

#[derive(Debug, Serialize)]
struct PlantedUser {
    id: UserId,
    email: String,
    password: String,
    role: &'static str,
}

/// Plants tenants. The same number always means the same tenant, address, password and canary, so
/// running it again changes nothing.
pub(crate) async fn plant(
    config: &StarterConfig,
    tenants: u32,
) -> Result<Vec<Planted>, Box<dyn Error>> {
    if config.environment == Environment::Production {
        return Err(
            "nothing is planted when ENVIRONMENT=production: the passwords are known".into(),
        );
    }
    let state = boot::boot(config).await?.state;
    let mut planted = Vec::new();
    for number in 1..=tenants {
        planted.push(plant_one(&state, number).await?);
    }
    state.database.close().await;
    Ok(planted)
}

async fn plant_one(state: &AppState, number: u32) -> Result<Planted, Box<dyn Error>> {
    let canary = canary(number);
    let slug: Slug = format!("tenant-{number}").parse()?;
    let owner = format!("owner-{canary}@tenant-{number}.test");
    let password = format!("password-{canary}");
    let tenant = match state.registry.by_slug(&slug).await? {
        Some(tenant) => tenant,
        None => {
            let new = NewTenant::new(slug.clone(), format!("Tenant {canary}"));
            let secret = Secret::from(password.as_str());
            signup::create(
                state,
                new,
                &owner.parse()?,
                &secret,
                format!("Owner {canary}"),
                &Device::default(),
            )
            .await?;
            let tenant = state
                .registry
                .by_slug(&slug)
                .await?
                .ok_or("the tenant was just made")?;
            fill(state, &tenant, number, &canary, &secret).await?;
            tenant
        }
    };
    let scope = SystemScope::<Seed>::enter().within(&tenant);
    let mut tx = state.database.read(&scope);
    let members = tx.repo::<Membership>().list(PageQuery::new()).await?;
    let projects = tx.repo::<Project>().list(PageQuery::new()).await?;
    let tasks = tx.repo::<Task>().list(PageQuery::new()).await?;
    drop(tx);
    let files = state.files.list(&scope, &"".parse()?, None, 100).await?;
    let users = members.items.into_iter().map(|member| PlantedUser {
        id: member.user(),
        role: if member.email == owner {
            "owner"
        } else {
            "user"
        },
        email: member.email,
        password: password.clone(),
    });
    Ok(Planted {
        id: tenant.id(),
        slug: slug.to_string(),
        users: users.collect(),
        projects: projects
            .items
            .into_iter()
            .map(|project| project.id.to_string())
            .collect(),
        tasks: tasks
            .items
            .into_iter()
            .map(|task| task.id.to_string())
            .collect(),
        files: files
            .items
            .into_iter()
            .map(|file| file.path.to_string())
            .collect(),
        canary,
    })
}

async fn fill(
    state: &AppState,
    tenant: &Tenant,
    number: u32,
    canary: &str,
    password: &Secret<String>,
) -> Result<(), Box<dyn Error>> {
    let scope = SystemScope::<Seed>::enter().within(tenant);
    let email: Email = format!("user-{canary}@tenant-{number}.test").parse()?;
    let hash = signup::hash(state, "password", password, &[]).await?;
    let mut tx = state.database.system_write(&SystemScope::<Seed>::enter());
    let user = state
        .identity
        .accounts()
        .create(&mut tx, &email, &hash)
        .await?;
    let mut tx = tx.into_scope(&scope).await?;
    let member = saas_auth::NewMembership::new(email.to_string(), format!("User {canary}"));
    tx.repo::<Membership>()
        .insert_as(Membership::id_of(user), member)
        .await?;
    state
        .roles
        .create(
            &mut tx,
            "reader",
            &RoleSpec::new()
                .description(format!("Reads only {canary}"))
                .allow(["projects:read"]),
        )
        .await
        .map_err(Problem::from)?;
    state
        .roles
        .set(&mut tx, user, &["user".to_owned()])
        .await
        .map_err(Problem::from)?;
    let group = state
        .groups
        .create(&mut tx, &format!("Readers {canary}"), "")
        .await
        .map_err(Problem::from)?;
    state
        .roles
        .set(&mut tx, group.id, &["reader".to_owned()])
        .await
        .map_err(Problem::from)?;
    state
        .groups
        .add(&mut tx, group.id, user)
        .await
        .map_err(Problem::from)?;
    for n in 1..=3 {
        let project = NewProject {
            name: format!("Project {n} {canary}"),
            description: format!("About {canary}"),
            archived: false,
        };
        let project = tx.repo::<Project>().insert(project).await?;
        let task = NewTask {
            project_id: project.id,
            title: format!("Task {n} {canary}"),
            done: n == 2,
        };
        tx.repo::<Task>().insert(task).await?;
    }
    tx.commit().await?;
    // The leak probe writes by each route that writes, each time under another of these names.
    for n in 1..=4 {
        let key: Key = format!("folder-{canary}/file-{n}-{canary}.txt").parse()?;
        let contents = Bytes::from(format!("contents {canary}\n"));
        let body: ByteStream = Box::pin(futures_util::stream::iter([Ok(contents)]));
        state.files.put(&scope, &key, body).await?;
        for to in [GrantTo::Link, GrantTo::User(user)] {
            state.grants.give(&scope, &key, NewGrant::to(to)).await?;
        }
    }
    Ok(())
}

/// The canary of a tenant: half of the SHA-256 of its number, so that it is known beforehand.
fn canary(number: u32) -> String {
    let digest = Sha256::digest(format!("starter canary {number}"));
    digest
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
