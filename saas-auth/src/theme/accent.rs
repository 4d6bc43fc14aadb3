//! A colour that text can be read on.

use std::{fmt, str::FromStr};

use super::InvalidTheme;

/// The colour of a tenant, as CSS writes it: `#` and six hexadecimal digits, in lower case.
///
/// It is the ground of buttons. The text on it is black or white, whichever can be read better: on any colour
/// the better of the two has a contrast of at least 4.5:1 (WCAG 2.2, criterion 1.4.3).
///
/// ```
/// use saas_auth::Accent;
///
/// let accent: Accent = "#1B5E20".parse()?;
/// assert_eq!((accent.to_string().as_str(), accent.text()), ("#1b5e20", "#ffffff"));
/// assert!("red; } body { display: none".parse::<Accent>().is_err());
/// # Ok::<(), saas_auth::InvalidTheme>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accent([u8; 3]);

impl Accent {
    /// Gives the colour of text on it.
    #[must_use]
    pub fn text(self) -> &'static str {
        if self.contrast(0.0) > self.contrast(1.0) {
            "#000000"
        } else {
            "#ffffff"
        }
    }

    /// Gives the contrast to a grey of some luminance.
    fn contrast(self, other: f64) -> f64 {
        let own = self.luminance();
        (own.max(other) + 0.05) / (own.min(other) + 0.05)
    }

    /// Gives the relative luminance (WCAG 2.2).
    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.04045 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        let [red, green, blue] = self.0.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

impl FromStr for Accent {
    type Err = InvalidTheme;

    fn from_str(text: &str) -> Result<Self, InvalidTheme> {
        let digits = text.strip_prefix('#').ok_or(InvalidTheme::Accent)?;
        // `from_str_radix` would take a sign.
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(InvalidTheme::Accent);
        }
        let number = u32::from_str_radix(digits, 16).map_err(|_| InvalidTheme::Accent)?;
        let [_, red, green, blue] = number.to_be_bytes();
        Ok(Self([red, green, blue]))
    }
}

impl fmt::Display for Accent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_colour_has_one_form() {
        for wrong in [
            "",
            "#",
            "red",
            "#fff",
            "#12345",
            "#1234567",
            "123456",
            "#+12345",
            "#12345g",
            "#12345\u{e9}",
            " #123456",
            "#123456;",
            "#１23456",
        ] {
            assert_eq!(
                wrong.parse::<Accent>(),
                Err(InvalidTheme::Accent),
                "{wrong}"
            );
        }
        assert_eq!("#AbCdEf".parse::<Accent>().unwrap().to_string(), "#abcdef");
    }

    #[test]
    fn contrasts_are_those_of_the_standard() {
        let contrast = |text: &str| text.parse::<Accent>().unwrap().contrast(1.0);
        assert!((contrast("#000000") - 21.0).abs() < 1e-9);
        assert!((contrast("#ffffff") - 1.0).abs() < 1e-9);
        assert!((contrast("#767676") - 4.54).abs() < 0.01);
        assert!((contrast("#ff0000") - 4.0).abs() < 0.01);
    }

    proptest! {
        #[test]
        fn text_can_be_read_on_every_colour(colour in any::<[u8; 3]>()) {
            let accent = Accent(colour);
            let text: Accent = accent.text().parse().unwrap();
            prop_assert!(accent.contrast(text.luminance()) >= 4.5);
            prop_assert_eq!(accent.to_string().parse::<Accent>().unwrap(), accent);
        }
    }
}
