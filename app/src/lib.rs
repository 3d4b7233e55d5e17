//! What is shown: pages as pure functions of view models. Nothing here does IO or reads a clock.

#![recursion_limit = "512"]

#[cfg(all(feature = "ssr", feature = "hydrate"))]
compile_error!("the server and the browser need different features; never build them in one call");

#[cfg(feature = "ssr")]
pub mod console;
pub mod islands;
#[cfg(feature = "ssr")]
pub mod model;
#[cfg(feature = "ssr")]
pub mod paths;
#[cfg(feature = "ssr")]
pub mod public;
#[cfg(feature = "ssr")]
pub mod shell;
#[cfg(feature = "ssr")]
pub mod ui;
pub mod words;
