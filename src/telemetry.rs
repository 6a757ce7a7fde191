//! What the program tells about itself: log lines on stderr, and spans for an OpenTelemetry collector where
//! the standard variables name one (`OTEL_EXPORTER_OTLP_ENDPOINT` and its kin).

use tracing_subscriber::filter::{EnvFilter, FilterExt, filter_fn};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::env;

/// Ends what was begun when it is dropped: spans that are not sent yet are.
pub struct Telemetry {
    #[cfg(feature = "otel")]
    _exporting: Option<otel::Exporting>,
}

impl Telemetry {
    /// Ends it while the runtime still runs.
    pub fn end(self) {}
}

/// Begins, from within the runtime that is to carry the requests. `verbose` counts `-v`.
pub fn start(verbose: u8, color: bool) -> Telemetry {
    let filter = match (verbose, env("RUST_LOG")) {
        (0, Some(filter)) => filter,
        (0, None) => "pgagent=warn".to_owned(),
        (1, _) => "pgagent=info".to_owned(),
        (2, _) => "pgagent=debug".to_owned(),
        _ => "pgagent=trace,sqlx=debug,genai=debug".to_owned(),
    };
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("pgagent=warn"));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(color)
        .with_target(false)
        .without_time()
        // Lines say what they are about; their spans would only repeat it.
        .with_filter(filter.and(filter_fn(|about| about.is_event())));
    let registry = tracing_subscriber::registry().with(lines);
    #[cfg(feature = "otel")]
    {
        let exporting = otel::start();
        let layer = exporting.as_ref().map(otel::Exporting::layer);
        registry.with(layer).init();
        Telemetry {
            _exporting: exporting,
        }
    }
    #[cfg(not(feature = "otel"))]
    {
        registry.init();
        Telemetry {}
    }
}

#[cfg(feature = "otel")]
mod otel {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use async_trait::async_trait;
    use opentelemetry::trace::TracerProvider;
    use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
    use opentelemetry_otlp::{SpanExporter, WithHttpConfig};
    use opentelemetry_sdk::Resource;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use tokio::runtime::Handle;
    use tracing::Subscriber;
    use tracing_subscriber::filter::filter_fn;
    use tracing_subscriber::layer::Layer;
    use tracing_subscriber::registry::LookupSpan;

    use crate::config::env;

    /// What the end of the program may be put off for.
    const LAST_SPANS: Duration = Duration::from_secs(3);

    pub struct Exporting(SdkTracerProvider);

    /// Nothing unless a collector is named, and tracing is not switched off.
    pub fn start() -> Option<Exporting> {
        env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").or_else(|| env("OTEL_EXPORTER_OTLP_ENDPOINT"))?;
        let is = |name: &str, value: &str| env(name).is_some_and(|v| v.eq_ignore_ascii_case(value));
        if is("OTEL_SDK_DISABLED", "true") || is("OTEL_TRACES_EXPORTER", "none") {
            return None;
        }
        let made = Collector::new()
            .map_err(|e| e.to_string())
            .and_then(|collector| {
                let exporter = SpanExporter::builder()
                    .with_http()
                    .with_http_client(collector);
                exporter.build().map_err(|e| e.to_string())
            });
        let exporter = match made {
            Ok(exporter) => exporter,
            Err(error) => {
                super::say(&format!("spans are not exported: {error}"));
                return None;
            }
        };
        let named = env("OTEL_SERVICE_NAME").is_some()
            || env("OTEL_RESOURCE_ATTRIBUTES").is_some_and(|a| a.contains("service.name="));
        let mut resource = Resource::builder();
        if !named {
            resource = resource.with_service_name("pgagent");
        }
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource.build())
            .build();
        Some(Exporting(provider))
    }

    impl Exporting {
        /// Our own spans, as bare as they were made.
        pub fn layer<S>(&self) -> impl Layer<S> + use<S>
        where
            S: Subscriber + for<'span> LookupSpan<'span>,
        {
            tracing_opentelemetry::layer()
                .with_tracer(self.0.tracer("pgagent"))
                .with_location(false)
                .with_threads(false)
                .with_target(false)
                .with_tracked_inactivity(false)
                .with_filter(filter_fn(|about| {
                    about.is_span() && about.target().starts_with("pgagent")
                }))
        }
    }

    impl Drop for Exporting {
        fn drop(&mut self) {
            if let Err(error) = self.0.shutdown_with_timeout(LAST_SPANS) {
                tracing::debug!(%error, "the last spans are not exported");
            }
        }
    }

    /// Sends from the program's runtime whatever thread the exporter runs on.
    #[derive(Debug)]
    struct Collector {
        http: reqwest::Client,
        runtime: Handle,
        told: AtomicBool,
    }

    impl Collector {
        fn new() -> Result<Self, reqwest::Error> {
            // Only the first call installs it.
            let _ = rustls::crypto::ring::default_provider().install_default();
            let timeout = env("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT")
                .or_else(|| env("OTEL_EXPORTER_OTLP_TIMEOUT"))
                .and_then(|ms| ms.parse().ok())
                .unwrap_or(10_000);
            let http = reqwest::Client::builder()
                .timeout(Duration::from_millis(timeout))
                .redirect(reqwest::redirect::Policy::none())
                .build()?;
            Ok(Self {
                http,
                runtime: Handle::current(),
                told: AtomicBool::new(false),
            })
        }

        /// Once is enough: a collector that is down stays down for many batches.
        fn tell(&self, problem: &str) {
            if !self.told.swap(true, Ordering::Relaxed) {
                super::say(&format!("spans are not exported: {problem}"));
            }
        }
    }

    #[async_trait]
    impl HttpClient for Collector {
        async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
            let http = self.http.clone();
            let sending = self.runtime.spawn(async move {
                let answer = http.execute(request.try_into()?).await?;
                let status = answer.status();
                Ok::<_, reqwest::Error>((status, answer.bytes().await?))
            });
            let (status, body) = sending.await?.inspect_err(|error| {
                self.tell(&error.to_string());
            })?;
            if !status.is_success() {
                self.tell(&format!("the collector answers {status}"));
            }
            let mut response = Response::new(body);
            *response.status_mut() = status;
            Ok(response)
        }
    }
}

/// A warning where a log line would come too early or too late.
#[cfg(feature = "otel")]
fn say(problem: &str) {
    use std::io::Write as _;
    let _ = writeln!(
        std::io::stderr(),
        "warning: {}",
        crate::render::clean(problem)
    );
}
