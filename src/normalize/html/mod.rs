//! HTML of any quality to blocks of text, and from there to clean text and sanitized HTML.
//!
//! The markup is read once, forward only, without building a tree: the time is linear in the input whatever it holds, and nesting
//! is counted but not followed beyond a limit. To keep one more element, name it in `elements.rs`.

mod blocks;
mod elements;
mod reader;
mod render;
mod tokens;

pub use blocks::{Block, Kind, plain, read};
pub use render::{Line, lines_to_text, to_html, to_text};

use crate::domain::Text;

/// The blocks of a body of either kind.
pub fn plain_or_html(body: &Text) -> Vec<Block> {
    match body {
        Text::Html(html) => read(html),
        Text::Plain(text) => plain(text),
    }
}

/// Text of a piece of inline markup, on one line.
pub fn inline(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    for block in read(html) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(&block.text);
    }
    out
}

#[cfg(test)]
mod tests;
