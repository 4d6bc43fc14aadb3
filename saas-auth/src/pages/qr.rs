//! A QR code, drawn into the page: no script, nothing loaded from elsewhere.

use std::fmt::{self, Write as _};

use qrcode::{Color, EcLevel};
use saas_core::{Code, Problem};

/// A code, as a drawing (SVG).
pub(super) struct QrCode {
    width: usize,
    /// A square of one unit for each dark point.
    path: String,
}

impl QrCode {
    /// Draws a text.
    pub(super) fn of(text: &str) -> Result<Self, Problem> {
        let code = qrcode::QrCode::with_error_correction_level(text, EcLevel::M)
            .map_err(|_| Problem::new(Code::INTERNAL))?;
        let width = code.width();
        let mut path = String::new();
        for (at, color) in code.to_colors().into_iter().enumerate() {
            if color == Color::Dark {
                // Writing to a string does not fail.
                let _ = write!(
                    path,
                    "M{} {}h1v1h-1z",
                    at % width + MARGIN,
                    at / width + MARGIN
                );
            }
        }
        Ok(Self { width, path })
    }
}

/// The quiet zone (ISO/IEC 18004, section 6.3.8).
const MARGIN: usize = 4;

impl fmt::Display for QrCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (side, path) = (self.width + 2 * MARGIN, &self.path);
        write!(
            f,
            "<svg role=\"img\" aria-label=\"QR code\" viewBox=\"0 0 {side} {side}\" width=\"240\" height=\"240\">\
             <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path fill=\"#000\" d=\"{path}\"/></svg>"
        )
    }
}
