//! The logical dump as an engine: what it needs, what there is, how it is tested.

use super::{
    BackupEngine, BackupError, Catalog, Found, LogicalDump, Made, Preflight, Tested, Watch, Which, Work,
    keys, site::given, test_restore,
};
use crate::{servers::server_programs, store::Snapshot, telemetry::Causes};

impl BackupEngine for LogicalDump {
    fn name(&self) -> &'static str {
        "logical"
    }

    fn preflight(&self) -> Work<'_, Vec<Preflight>> {
        Box::pin(async move {
            let address = self.site.session_url()?;
            let mut snapshot = Snapshot::take(address).await?;
            let ready = self.ready(&mut snapshot).await;
            snapshot.end().await;
            let listed = self.site.storage.list("").await;
            let key = keys::check(self.site.backup());
            let server = server_programs(given(&self.site.backup().programs), 0).await;
            let says = |result: Result<String, String>, what| match result {
                Ok(says) => Preflight { what, ok: true, says },
                Err(says) => Preflight { what, ok: false, says },
            };
            Ok(vec![
                says(ready.map(|ready| ready.tools.version).map_err(|error| error.to_string()), "pg_dump"),
                says(
                    listed
                        .map(|_| self.site.storage.shown().to_owned())
                        .map_err(|error| Causes(&error).to_string()),
                    "backup place",
                ),
                says(
                    key.map(|()| format!("{} recipients", self.site.backup().recipients.len()))
                        .map_err(|error| error.to_string()),
                    "backup keys",
                ),
                says(server.map_err(|error| format!("{error:#}")), "restore test"),
            ])
        })
    }

    fn make<'a>(&'a self, _full: bool, watch: &'a Watch) -> Work<'a, Made> {
        Box::pin(self.run(watch))
    }

    fn list(&self) -> Work<'_, Vec<Found>> {
        Box::pin(async move {
            let catalog = Catalog::read(&self.site).await?;
            let found = catalog.entries.iter().map(|entry| Found {
                id: entry.id.clone(),
                state: entry.state().to_owned(),
                made_at: entry.made_at(),
                bytes: entry.manifest.as_ref().ok().map(|manifest| manifest.dump.bytes),
            });
            Ok(found.collect())
        })
    }

    fn test<'a>(&'a self, which: Which<'a>, watch: &'a Watch) -> Work<'a, Tested> {
        Box::pin(async move {
            let id = match which {
                Which::Newest => None,
                Which::Id(id) => Some(id),
                Which::Moment(_) => {
                    return Err(BackupError::Refused("a dump holds one moment only".to_owned()));
                }
            };
            test_restore(&self.site, Some(&self.store), id, watch).await
        })
    }
}
