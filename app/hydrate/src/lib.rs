//! Entry point of the browser code.
#![allow(missing_docs)]

use app as _;

#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}
