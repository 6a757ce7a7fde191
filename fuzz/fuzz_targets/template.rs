//! References in planned queries: no panic, and what is rendered has as many parameters as references.
#![no_main]

use libfuzzer_sys::fuzz_target;
use guard::sql::Template;

fuzz_target!(|text: &str| {
    if let Ok(template) = Template::parse(text) {
        let rendered = template.render(|_| "text".to_owned());
        for n in 1..=template.references().count() {
            assert!(rendered.contains(&format!("${n}")), "{rendered}");
        }
    }
});
