//! Words of the form that subscribes, and of the fields that say what a subscription is about.

use super::words;

words! {
    INTRO = "A message at every update of an incident: what we know, what we do, what you can do.", "Eine Nachricht zu jeder Meldung über eine Störung: was wir wissen, was wir tun, was Sie tun können.", "Un message à chaque mise à jour d’un incident : ce que nous savons, ce que nous faisons, ce que vous pouvez faire.", "Un mensaje con cada actualización de una incidencia: qué sabemos, qué hacemos, qué puede hacer usted.", "Un messaggio a ogni aggiornamento di un incidente: che cosa sappiamo, che cosa facciamo, che cosa può fare Lei.", "Uma mensagem a cada atualização de um incidente: o que sabemos, o que fazemos, o que pode fazer.";
    NOT_SENT = "Nothing was sent yet.", "Es wurde noch nichts gesendet.", "Rien n’a encore été envoyé.", "Aún no se ha enviado nada.", "Non è stato ancora inviato nulla.", "Ainda não foi enviado nada.";
    LOOK_BELOW = "Please look at what is marked below.", "Bitte sehen Sie sich die markierten Stellen an.", "Veuillez vérifier ce qui est signalé ci-dessous.", "Revise lo que está marcado abajo.", "Controlli quanto evidenziato qui sotto.", "Verifique o que está assinalado abaixo.";
    HOW = "How?", "Wie?", "Comment ?", "¿Cómo?", "Come?", "Como?";
    EMAIL = "E-mail", "E-Mail", "E-mail", "Correo electrónico", "E-mail", "E-mail";
    WEBHOOK = "Webhook (signed JSON to your server)", "Webhook (signiertes JSON an Ihren Server)", "Webhook (JSON signé vers votre serveur)", "Webhook (JSON firmado a su servidor)", "Webhook (JSON firmato al Suo server)", "Webhook (JSON assinado para o seu servidor)";
    ADDRESS = "E-mail address, or https:// address of the incoming webhook", "E-Mail-Adresse oder https://-Adresse des eingehenden Webhooks", "Adresse e-mail, ou adresse https:// du webhook entrant", "Dirección de correo, o dirección https:// del webhook entrante", "Indirizzo e-mail, o indirizzo https:// del webhook in entrata", "Endereço de e-mail, ou endereço https:// do webhook de entrada";
    CONTACT = "Whom to write to when it fails", "An wen wir schreiben, wenn er ausfällt", "À qui écrire en cas d’échec", "A quién escribir si falla", "A chi scrivere se non funziona", "A quem escrever se falhar";
    IF_YOU_LIKE = "e-mail, if you like", "E-Mail, freiwillig", "e-mail, facultatif", "correo, opcional", "e-mail, facoltativo", "e-mail, opcional";
    LEAVE_EMPTY = "Leave this empty", "Bitte leer lassen", "Laissez ce champ vide", "Deje esto vacío", "Lasci vuoto questo campo", "Deixe isto vazio";
    CONSENT = "We use your address only to send you these notices. You confirm it first, and every notice has a link that ends them at once.", "Wir verwenden Ihre Adresse nur, um Ihnen diese Meldungen zu senden. Sie bestätigen sie zuerst, und jede Meldung enthält einen Link, der sie sofort beendet.", "Nous n’utilisons votre adresse que pour vous envoyer ces avis. Vous la confirmez d’abord, et chaque avis contient un lien qui y met fin aussitôt.", "Solo usamos su dirección para enviarle estos avisos. Primero la confirma, y cada aviso lleva un enlace que los detiene al instante.", "Usiamo il Suo indirizzo solo per inviarLe questi avvisi. Prima lo conferma, e ogni avviso contiene un link che li termina subito.", "Usamos o seu endereço apenas para lhe enviar estes avisos. Primeiro confirma-o, e cada aviso tem uma ligação que os termina de imediato.";
    WITHOUT = "Without an address", "Ohne Adresse", "Sans adresse", "Sin dirección", "Senza indirizzo", "Sem endereço";
    FEEDS = "Feeds of everything:", "Feeds mit allem:", "Flux complets :", "Feeds con todo:", "Feed con tutto:", "Feeds com tudo:";
    PER_INCIDENT = "with an entry per incident;", "mit einem Eintrag je Störung;", "avec une entrée par incident ;", "con una entrada por incidencia;", "con una voce per incidente;", "com uma entrada por incidente;";
    PER_UPDATE = "with an entry per update, for chat.", "mit einem Eintrag je Meldung, für Chats.", "avec une entrée par mise à jour, pour les messageries.", "con una entrada por actualización, para chats.", "con una voce per aggiornamento, per le chat.", "com uma entrada por atualização, para chats.";
    NARROWER = "Narrower:", "Enger gefasst:", "Plus ciblés :", "Más acotados:", "Più mirati:", "Mais específicos:";
    PROGRAMS_READ = "For programs:", "Für Programme:", "Pour les programmes :", "Para programas:", "Per i programmi:", "Para programas:";
    JSON_API = "JSON API", "JSON-API", "API JSON", "API JSON", "API JSON", "API JSON";
    AND = "and", "und", "et", "y", "e", "e";

    ONLY_THIS = "Only this incident: {0}", "Nur diese Störung: {0}", "Uniquement cet incident : {0}", "Solo esta incidencia: {0}", "Solo questo incidente: {0}", "Apenas este incidente: {0}";
    ABOUT_WHAT = "About what?", "Worüber?", "À quel sujet ?", "¿Sobre qué?", "Su che cosa?", "Sobre o quê?";
    ONLY_TICKED = "Only what I tick below", "Nur was ich unten ankreuze", "Uniquement ce que je coche ci-dessous", "Solo lo que marque abajo", "Solo ciò che seleziono qui sotto", "Apenas o que assinalar abaixo";
    ALL_OF_PAGE = "Everything on this page", "Alles auf dieser Seite", "Tout ce qui figure sur cette page", "Todo lo de esta página", "Tutto ciò che è in questa pagina", "Tudo o que está nesta página";
    WHERE = "Where?", "Wo?", "Où ?", "¿Dónde?", "Dove?", "Onde?";
    WHICH_SERVICES = "Which services?", "Welche Dienste?", "Quels services ?", "¿Qué servicios?", "Quali servizi?", "Que serviços?";
    NONE_FOR_ALL = "Tick none for all of them.", "Nichts ankreuzen bedeutet: alle.", "N’en cochez aucun pour tous les recevoir.", "No marque ninguno para recibirlos todos.", "Non ne selezioni nessuno per averli tutti.", "Não assinale nenhum para os receber a todos.";
    ALL_OF = "All of {0}", "{0} gesamt", "{0} en entier", "{0}: todo", "{0}: tutto", "{0}: tudo";
    MORE = "Travelling, severity, time zone", "Reise, Schweregrad, Zeitzone", "Voyage, gravité, fuseau horaire", "Viaje, gravedad, zona horaria", "Viaggio, gravità, fuso orario", "Viagem, gravidade, fuso horário";
    ALL_SEVERITIES = "All of them", "Alle", "Toutes", "Todas", "Tutte", "Todas";
    SEV_1_TO_3 = "Sev 1 to 3", "Sev 1 bis 3", "Sev 1 à 3", "Sev 1 a 3", "Da Sev 1 a 3", "Sev 1 a 3";
    SEV_1_AND_2 = "Sev 1 and 2", "Sev 1 und 2", "Sev 1 et 2", "Sev 1 y 2", "Sev 1 e 2", "Sev 1 e 2";
    SEV_1_ONLY = "Sev 1 only", "Nur Sev 1", "Sev 1 uniquement", "Solo Sev 1", "Solo Sev 1", "Apenas Sev 1";
    TRIP_FROM = "Only during a trip: first day", "Nur während einer Reise: erster Tag", "Uniquement pendant un voyage : premier jour", "Solo durante un viaje: primer día", "Solo durante un viaggio: primo giorno", "Apenas durante uma viagem: primeiro dia";
    ENDS_ITSELF = "it ends by itself", "endet von selbst", "s’arrête tout seul", "termina por sí solo", "termina da solo", "termina por si";
    TRIP_UNTIL = "Last day", "Letzter Tag", "Dernier jour", "Último día", "Ultimo giorno", "Último dia";
    HOW_SEVERE = "How severe?", "Wie schwer?", "Quelle gravité ?", "¿Qué gravedad?", "Quale gravità?", "Que gravidade?";
    MEASURED_TOO = "Also what our measurements show, before anybody has written about it; at most six messages a day", "Auch was unsere Messungen zeigen, bevor jemand darüber geschrieben hat; höchstens sechs Nachrichten am Tag", "Aussi ce que montrent nos mesures, avant que quelqu’un ait écrit à ce sujet ; six messages par jour au maximum", "También lo que muestran nuestras mediciones, antes de que alguien escriba sobre ello; seis mensajes al día como máximo", "Anche ciò che mostrano le nostre misurazioni, prima che qualcuno ne scriva; al massimo sei messaggi al giorno", "Também o que mostram as nossas medições, antes de alguém escrever sobre isso; no máximo seis mensagens por dia";
    WRITTEN_ONLY = "Only what somebody has written, not what measurements alone show", "Nur was jemand geschrieben hat, nicht was allein Messungen zeigen", "Seulement ce que quelqu’un a écrit, pas ce que montrent les seules mesures", "Solo lo que alguien ha escrito, no lo que muestran las mediciones por sí solas", "Solo ciò che qualcuno ha scritto, non ciò che mostrano le sole misurazioni", "Apenas o que alguém escreveu, não o que só as medições mostram";
    MAINTENANCE_ONLY = "Planned maintenance only", "Nur geplante Wartungen", "Maintenances planifiées uniquement", "Solo mantenimientos planificados", "Solo manutenzioni programmate", "Apenas manutenções planeadas";
    TIME_ZONE = "Your time zone", "Ihre Zeitzone", "Votre fuseau horaire", "Su zona horaria", "Il Suo fuso orario", "O seu fuso horário";
    BOTH_TIMES = "times are told in UTC and in yours", "Zeiten in UTC und in Ihrer", "heures en UTC et dans le vôtre", "horas en UTC y en la suya", "orari in UTC e nel Suo", "horas em UTC e no seu";
    LANGUAGE = "Language of the words around a notice", "Sprache der Texte rund um eine Meldung", "Langue des textes qui entourent un avis", "Idioma de los textos que acompañan un aviso", "Lingua dei testi intorno a un avviso", "Idioma dos textos à volta de um aviso";
    LANGUAGES = "Languages", "Sprachen", "Langues", "Idiomas", "Lingue", "Idiomas";
}
