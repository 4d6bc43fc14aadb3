//! Who guesses at second factors, for as long as it takes.

use std::{sync::Arc, time::Duration};

use crate::{
    post::Post,
    resets::Kept as _,
    second::{App, enrolled, pending, second},
    world::{World, at_once},
};

const ANN: &str = "ann@acme.test";
const PAUSE: Duration = Duration::from_secs(301);
const DAY: Duration = Duration::from_secs(86_400);

/// How many of five guesses are looked at, after a pause.
async fn five(world: &World, round: usize) -> usize {
    world.db.clock().advance(PAUSE);
    let token = pending(world, &world.acme, ANN).await;
    let mut looked_at = 0;
    for number in 0..5 {
        let guess = format!("{:06}", 900_000 + round * 5 + number);
        let proof = match number {
            0 => ("recovery_code", "2222-2222-2222-2222"),
            _ => ("otp", &*guess),
        };
        let answer = second(world, &world.acme, &token, proof).await;
        assert!(matches!(answer.status.as_u16(), 400 | 429), "{answer:?}");
        looked_at += usize::from(answer.status == 400);
    }
    looked_at
}

/// What a right code is answered.
async fn right(world: &World, app: &App) -> u16 {
    let token = pending(world, &world.acme, ANN).await;
    let code = app.code(world.db.now());
    let answer = second(world, &world.acme, &token, ("otp", &code)).await;
    answer.status.as_u16()
}

async fn set_wrong(world: &World, wrong: i64) {
    let sql = "UPDATE saas_factor_tries SET wrong = $1";
    let changed = world
        .system(sql, &[saas_tenancy::Value::Integer(wrong)])
        .await;
    assert_eq!(changed, 1);
}

#[tokio::test]
async fn mfa_05_after_a_hundred_wrong_codes_nobody_guesses_for_a_day_and_the_person_is_told_once() {
    for world in World::all().await {
        let post = Post::of(&world);
        let ann = world.person(&world.acme, ANN).await;
        let (app, codes) = enrolled(&world, ANN).await;
        post.deliver().await;
        let mut looked_at = 0;
        for round in 0..25 {
            looked_at += five(&world, round).await;
        }
        assert_eq!(looked_at, 100);
        // As after five: neither a right code nor a recovery code is looked at.
        world.db.clock().advance(PAUSE);
        assert_eq!(right(&world, &app).await, 429);
        let token = pending(&world, &world.acme, ANN).await;
        let recovery = ("recovery_code", &*codes[0]);
        let held = second(&world, &world.acme, &token, recovery).await;
        assert_eq!(held.outcome(), (429, "rate-limited".to_owned()));
        let letter = post.one().await;
        assert_eq!(
            (&*letter.to, letter.template),
            (ANN, "auth/factors-guessed")
        );
        let mut tx = world.db.database().read(&world.db.scope(&world.acme));
        let object = format!("user:{ann}");
        let recorded = tx.recorded("second-factors.guessed", &object).await;
        assert_eq!(recorded.unwrap(), (1,));
        drop(tx);
        // What is refused makes it no longer.
        world.db.clock().advance(DAY - PAUSE * 10);
        assert_eq!(right(&world, &app).await, 429);
        world.db.clock().advance(PAUSE * 10);
        assert_eq!(right(&world, &app).await, 200);
        assert_eq!(post.deliver().await, []);
    }
}

#[tokio::test]
async fn mfa_05_a_right_code_forgets_the_wrong_ones_and_a_day_alone_does_not() {
    for world in World::all().await {
        let post = Post::of(&world);
        world.person(&world.acme, ANN).await;
        let (app, _) = enrolled(&world, ANN).await;
        post.deliver().await;
        assert_eq!(five(&world, 0).await, 5);
        set_wrong(&world, 97).await;
        world.db.clock().advance(PAUSE);
        assert_eq!(right(&world, &app).await, 200);
        // The count begins anew, and goes on over days.
        assert_eq!(five(&world, 1).await, 5);
        set_wrong(&world, 97).await;
        world.db.clock().advance(DAY * 3);
        assert_eq!(five(&world, 2).await, 3);
        let letter = post.one().await;
        assert_eq!(letter.template, "auth/factors-guessed");
        // A day later there are a hundred again, and the next end is told, too.
        world.db.clock().advance(DAY);
        assert_eq!(five(&world, 3).await, 5);
        set_wrong(&world, 99).await;
        assert_eq!(five(&world, 4).await, 1);
        assert_eq!(post.one().await.template, "auth/factors-guessed");
    }
}

#[tokio::test]
async fn mfa_05_of_fifty_guesses_at_once_those_before_the_hundredth_are_looked_at_and_one_is_told()
{
    for world in World::all().await {
        let post = Post::of(&world);
        world.person(&world.acme, ANN).await;
        enrolled(&world, ANN).await;
        post.deliver().await;
        assert_eq!(five(&world, 0).await, 5);
        set_wrong(&world, 98).await;
        world.db.clock().advance(PAUSE);
        let token = pending(&world, &world.acme, ANN).await;
        let world = Arc::new(world);
        let answers = at_once(50, |number| {
            let (world, token) = (world.clone(), token.clone());
            Box::pin(async move {
                let guess = format!("{:06}", 910_000 + number);
                let answer = second(&world, &world.acme, &token, ("otp", &guess)).await;
                answer.status.as_u16()
            })
        });
        let answers = answers.await;
        let looked_at = answers.iter().filter(|status| **status == 400).count();
        let held = answers.iter().filter(|status| **status == 429).count();
        assert_eq!((looked_at, held), (2, 48), "{answers:?}");
        assert_eq!(post.one().await.template, "auth/factors-guessed");
    }
}
