//! Where two observations part, for a person: only the lines that differ, with a few around them.

use super::style::{BAD, FAINT, GOOD, Paint, STRONG, plain};
use crate::judge::diff::{Difference, Side};

/// How many equal lines are shown around one that differs.
const AROUND: usize = 2;

/// The difference of one scenario. It is painted; whoever prints it takes the colours out where they are not
/// wanted.
pub fn render(title: &str, difference: &Difference) -> String {
    let paint = Paint { colour: true };
    let mut text = format!("{}\n", paint.text(STRONG, &plain(title)));
    for step in &difference.steps {
        text.push_str(&format!("  {}: {}\n", plain(&step.title), plain(&step.paths.join(", "))));
        let differs = |at: usize| step.lines.get(at).is_some_and(|line| line.side != Side::Both);
        let mut hidden = false;
        for (at, line) in step.lines.iter().enumerate() {
            let near = (at.saturating_sub(AROUND)..=at + AROUND).any(differs);
            if !near {
                hidden = true;
                continue;
            }
            if std::mem::take(&mut hidden) {
                text.push_str(&format!("    {}\n", paint.text(FAINT, "…")));
            }
            let shown = format!("{} {}", line.side.sign(), plain(&line.text));
            let style = match line.side {
                Side::Both => FAINT,
                Side::Left => BAD,
                Side::Right => GOOD,
            };
            text.push_str(&format!("    {}\n", paint.text(style, shown.trim_end())));
        }
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::diff::diff;

    #[test]
    fn only_what_differs_is_shown_with_its_surroundings() {
        let text = |label: &str| {
            format!("step 1: GetSecretValue\n  a: 1\n  b: 2\n  c: 3\n  d: 4\n  label: {label}\n")
        };
        let shown = anstream::adapter::strip_str(&render("a/b", &diff(&text("x"), &text("y")))).to_string();
        assert!(shown.starts_with("a/b\n  step 1: GetSecretValue: "), "{shown}");
        assert!(shown.contains("-   label: x") && shown.contains("+   label: y"), "{shown}");
        assert!(!shown.contains("a: 1"), "{shown}");
    }
}
