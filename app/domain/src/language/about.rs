//! Words that say what a subscription or an incident is about.

use super::words;

words! {
    COUNTRIES = "{0} countries", "{0} Länder", "{0} pays", "{0} países", "{0} Paesi", "{0} países";
    SERVICES = "{0} services", "{0} Dienste", "{0} services", "{0} servicios", "{0} servizi", "{0} serviços";
    THE_INCIDENT = "the incident {0}", "der Störung {0}", "l’incident {0}", "la incidencia {0}", "un incidente: {0}", "o incidente {0}";
    EVERYTHING = "everything", "allen Diensten", "tous les services", "todos los servicios", "tutti i servizi", "todos os serviços";
    EVERYWHERE = "{0} everywhere", "{0} (überall)", "{0} (partout)", "{0} (en todas partes)", "{0} (ovunque)", "{0} (em todo o lado)";
    SERVICES_IN = "{0} in {1}", "{0} ({1})", "{0} ({1})", "{0} ({1})", "{0} ({1})", "{0} ({1})";
    MAINTENANCE_ONLY = ", planned maintenance only", ", nur geplante Wartungen", ", uniquement les maintenances planifiées", ", solo mantenimientos planificados", ", solo manutenzioni programmate", ", apenas manutenções planeadas";
    SEV_1_ONLY = ", Sev 1 only", ", nur Sev 1", ", Sev 1 uniquement", ", solo Sev 1", ", solo Sev 1", ", apenas Sev 1";
    SEV_1_TO = ", Sev 1 to {0} only", ", nur Sev 1 bis {0}", ", Sev 1 à {0} uniquement", ", solo Sev 1 a {0}", ", solo da Sev 1 a {0}", ", apenas Sev 1 a {0}";
    MEASURED_TOO = ", measured changes too", ", auch gemessene Änderungen", ", y compris les changements mesurés", ", también los cambios medidos", ", anche i cambiamenti misurati", ", incluindo as alterações medidas";
    FROM_TO = ", from {0} to {1}", ", vom {0} bis {1}", ", du {0} au {1}", ", del {0} al {1}", ", dal {0} al {1}", ", de {0} a {1}";
}
