//! Plots: panels one below the other as one SVG that needs nothing else, and what all of them have alike. What a panel shows is told by
//! whose plot it is.

use plotters::coord::Shift;
use plotters::prelude::*;

/// Where a panel is drawn.
pub type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
/// Why it cannot be drawn.
pub type Failure<'a> = DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>;

/// Draws a panel for each item, of a width and height in pixels.
///
/// # Errors
/// What cannot be drawn; a sentence.
pub fn panels<T>(
    (width, height): (u32, u32),
    items: &[T],
    draw: impl for<'a> Fn(&Area<'a>, &T) -> Result<(), Failure<'a>>,
) -> Result<String, String> {
    let mut text = String::new();
    drawn(&mut text, (width, height), items, draw).map_err(|error| error.to_string())?;
    Ok(text)
}

fn drawn<'a, T>(
    text: &'a mut String,
    (width, height): (u32, u32),
    items: &[T],
    draw: impl Fn(&Area<'a>, &T) -> Result<(), Failure<'a>>,
) -> Result<(), Failure<'a>> {
    let count = items.len().max(1);
    let area = SVGBackend::with_string(text, (width, height * count as u32)).into_drawing_area();
    area.fill(&WHITE)?;
    for (panel, item) in area.split_evenly((count, 1)).iter().zip(items) {
        draw(panel, item)?;
    }
    area.present()
}
