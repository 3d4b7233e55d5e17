//! Embeds `target/browser/*` (made by `cargo xtask`) with a brotli copy of each file; without it, nothing.

use std::{env, fs, io::Write as _, path::Path};

fn main() {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../target/browser");
    println!("cargo:rerun-if-changed={}", root.display());
    println!("cargo:rerun-if-changed=build.rs");
    let out = env::var("OUT_DIR").unwrap_or_default();
    let mut entries = String::new();
    let mut files: Vec<_> =
        fs::read_dir(&root).map(|d| d.filter_map(Result::ok).collect()).unwrap_or_default();
    files.sort_by_key(fs::DirEntry::file_name);
    for file in files {
        let name = file.file_name().to_string_lossy().into_owned();
        if !(name.ends_with(".js") || name.ends_with(".wasm")) {
            continue;
        }
        let raw = fs::read(file.path()).unwrap_or_default();
        let packed = Path::new(&out).join(format!("{name}.br"));
        let mut encoder = brotli::CompressorWriter::new(Vec::new(), 4096, 11, 22);
        let _ = encoder.write_all(&raw);
        let _ = fs::write(&packed, encoder.into_inner());
        let path = file.path().canonicalize().unwrap_or_else(|_| file.path());
        entries.push_str(&format!("({name:?}, include_bytes!({path:?}), include_bytes!({packed:?})),"));
    }
    let code =
        format!("/// Name, bytes, brotli bytes.\nconst ASSETS: &[(&str, &[u8], &[u8])] = &[{entries}];\n");
    let _ = fs::write(Path::new(&out).join("browser.rs"), code);
}
