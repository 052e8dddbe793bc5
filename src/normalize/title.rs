//! The title of a posting.

use super::repair;

/// One clean line, tags and entities removed; empty where nothing is left.
pub fn clean(raw: &str) -> String {
    let line = repair::line(raw);
    if !line.contains('<') {
        return line;
    }
    repair::line(&super::html::inline(&line))
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn titles() {
        assert_eq!(clean("  Senior   <b>Dev</b> "), "Senior Dev");
        assert_eq!(clean("R&amp;D Engineer\u{a0}(m/w/d)\n"), "R&D Engineer (m/w/d)");
        assert_eq!(clean("Sales &lt;EMEA&gt; &amp;amp; Ops"), "Sales & Ops");
        assert_eq!(clean("Dev < 5 years"), "Dev < 5 years");
        assert_eq!(clean(" <p> </p>"), "");
    }
}
