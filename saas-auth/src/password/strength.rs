//! How hard a password is to guess.
//!
//! Length alone does not say it: `password2026` is long and among the first that are tried. The
//! judgement is that of zxcvbn (Wheeler, USENIX Security 2016), which knows the passwords, words and
//! names that are used most, dates, rows of keys and how people disguise them, and counts how many
//! guesses would come before. It has no rules about kinds of characters, which NIST SP 800-63B,
//! section 3.1.1.2 forbids; the list of common passwords and the words of the context, which the same
//! section demands, are in it.
//!
//! Its time grows with the square of the length, and disguises multiply that: 100 characters can cost
//! a second. So it sees the first [`SEEN`] characters, and runs where passwords are hashed.

use saas_core::Secret;
use unicode_normalization::UnicodeNormalization as _;
use zxcvbn::{Match, matching::patterns::MatchPattern};

use super::InvalidPassword;
use crate::PasswordConfig;

/// How much of a password is judged, in characters: at the worst as slow as a hash or two. What
/// follows can only make it stronger.
const SEEN: usize = 40;

/// How many words of the context are looked at, and how much of each, in characters.
const WORDS: usize = 64;
const WORD: usize = 64;
/// A shorter word would be found in passwords by chance.
const SHORTEST_WORD: usize = 3;

/// What everybody knows as an example of a good password.
const EXAMPLE: &str = "correcthorsebatterystaple";

/// The words that a password should not be made of, such as the name of its holder.
pub(super) struct Context(Vec<String>);

impl Context {
    /// Takes texts such as an e-mail address or a name, as wholes and word by word.
    pub(super) fn of(texts: &[&str]) -> Self {
        let mut words = vec![EXAMPLE.to_owned()];
        for text in texts {
            let text: String = text
                .nfkc()
                .take(4 * WORD)
                .collect::<String>()
                .to_lowercase();
            let parts = text.split(|c: char| !c.is_alphanumeric());
            for word in std::iter::once(text.as_str()).chain(parts) {
                let word: String = word.chars().take(WORD).collect();
                if word.chars().count() >= SHORTEST_WORD && !words.contains(&word) {
                    words.push(word);
                }
            }
        }
        words.truncate(WORDS);
        Self(words)
    }
}

/// Refuses a password of a score below `least`, on the scale of zxcvbn from 0 to 4.
pub(super) fn judge(
    password: &Secret<String>,
    context: &Context,
    least: u8,
) -> Result<(), InvalidPassword> {
    // Who guesses does not care about the width of letters.
    let seen = password.expose().nfkc().map(alike).take(SEEN);
    let seen = Secret::new(seen.collect::<String>());
    let words: Vec<&str> = context.0.iter().map(String::as_str).collect();
    let judged = zxcvbn::zxcvbn(seen.expose(), &words);
    let score = u8::from(judged.score());
    if score >= least {
        return Ok(());
    }
    let is_of_context = |found: &Match| match &found.pattern {
        MatchPattern::Dictionary(word) => {
            word.matched_word != EXAMPLE && context.0.contains(&word.matched_word)
        }
        _ => false,
    };
    Err(if judged.sequence().iter().any(is_of_context) {
        InvalidPassword::Personal
    } else if score < PasswordConfig::MIN_SCORE {
        InvalidPassword::Common
    } else {
        InvalidPassword::Weak
    })
}

/// Takes signs that stand for the same letter as one. All combinations of them are tried, and this
/// leaves some 100 where there were 1,000.
const fn alike(c: char) -> char {
    match c {
        '{' | '[' | '<' => '(',
        '|' => '!',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn judged(password: &str, context: &[&str], least: u8) -> Result<(), InvalidPassword> {
        judge(&Secret::from(password), &Context::of(context), least)
    }

    #[test]
    fn pwd_08_what_is_guessed_first_is_refused_in_any_case_also_at_the_least_score() {
        // From the first to the ten-thousandth of those that are used most.
        for common in [
            "password",
            "12345678",
            "123456789",
            "baseball",
            "football",
            "qwertyuiop",
            "superman",
            "trustno1",
            "11111111",
            "iloveyou",
            "starwars",
            "computer",
            "michelle",
            "1q2w3e4r",
            "corvette",
            "princess",
            "butthead",
            "midnight",
            "einstein",
            "passw0rd",
            "swordfish",
            "blink182",
            "liverpool",
            "basketball",
            "minecraft",
            "zxcvbnm1",
            "password1234",
            "qwerty123456",
            "azertyuiop",
            "gfhjkmgfhjkm",
            "1qaz2wsx3edc",
            "summer2026",
            "changeme123",
            "letmein123",
            "welcome123",
            "admin1234",
            "aaaaaaaaaaaa",
            "abcdefghijkl",
            "correcthorsebatterystaple",
            "ｐａｓｓｗｏｒｄ１",
            "PassWord123",
            "P@ssw0rd",
            "drowssap123",
        ] {
            let judged = judged(common, &[], PasswordConfig::MIN_SCORE);
            assert_eq!(judged, Err(InvalidPassword::Common), "{common}");
        }
    }

    #[test]
    fn what_takes_long_to_guess_is_accepted_whatever_it_is_made_of() {
        for good in [
            "correct horse battery",
            "a horse, a battery, a staple",
            "no composition rules",
            "kvzptwqmxhrf",
            "pässwörter",
            "סיסמה ארוכה",
            "🦀🐙🦑🦐🦞🐚🪸🐡🐠",
            "q8vT#zk2W",
        ] {
            assert_eq!(judged(good, &["ann@acme.test"], 3), Ok(()), "{good}");
        }
        // Drawn by chance, eight characters are just too few for a 3.
        assert_eq!(judged("q8vT#zk2", &[], 3), Err(InvalidPassword::Weak));
        assert_eq!(judged("something else", &[], 2), Ok(()));
        assert_eq!(judged("something else", &[], 3), Err(InvalidPassword::Weak));
    }

    #[test]
    fn what_is_made_of_words_of_the_context_is_refused() {
        let context = [
            "zebulon.quixby@wobbelquark.test",
            "Zebulon Quixby",
            "Frobnitz GmbH",
        ];
        for personal in [
            "zebulon.quixby@wobbelquark.test",
            "ZebulonQuixby",
            "frobnitz2026",
            "Wobbelquark!",
            "quixbyzebulon",
            "Fr0bn1tz1990",
            "ｆｒｏｂｎｉｔｚ７",
        ] {
            let judged_with = judged(personal, &context, 3);
            assert_eq!(judged_with, Err(InvalidPassword::Personal), "{personal}");
            assert_ne!(judged(personal, &[], 3), Err(InvalidPassword::Personal));
        }
        assert_eq!(judged("frobnitz or wobble, kvzpt", &context, 3), Ok(()));
    }

    #[test]
    fn the_context_is_bounded() {
        let many: Vec<String> = (0..10_000).map(|n| format!("word{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(Context::of(&many).0.len(), WORDS);
        let long = Context::of(&[&"x".repeat(1 << 20), "a b c"]);
        assert!(long.0.iter().all(|word| word.chars().count() <= WORD));
        assert!(!long.0.contains(&"a".to_owned()));
    }

    /// Prints what judging costs: `cargo test --release -p saas-auth -- --ignored --nocapture judging`
    #[test]
    #[ignore = "a measurement, to be read and not to fail"]
    fn judging_is_bounded_in_time() {
        // The first judgement reads the dictionaries.
        let begun = Instant::now();
        let _ = judged("the first", &[], 3);
        println!("the first: {:?}", begun.elapsed());
        let mut worst = Duration::ZERO;
        for unit in [
            "4@8({[<369&#!1/|0$5+7%2",
            "p4$$w0rd1@",
            "1234567890",
            "abcdefgh",
            "a",
        ] {
            let long: String = unit.chars().cycle().take(1024).collect();
            let begun = Instant::now();
            let _ = judged(&long, &["ann@acme.test", "Ann of Acme"], 3);
            worst = worst.max(begun.elapsed());
            println!("{unit}: {:?}", begun.elapsed());
        }
        println!("the worst: {worst:?}");
    }
}
