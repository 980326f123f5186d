// Runs the painless block and the pipeline of docs/slots.md in OpenSearch's own script engine and ingest code:
// Painless BLOCK PIPELINE.JSON VECTORS.TSV

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.opensearch.Version;
import org.opensearch.common.settings.Settings;
import org.opensearch.common.xcontent.XContentHelper;
import org.opensearch.common.xcontent.json.JsonXContent;
import org.opensearch.index.VersionType;
import org.opensearch.ingest.IngestDocument;
import org.opensearch.ingest.Pipeline;
import org.opensearch.ingest.common.ScriptProcessor;
import org.opensearch.painless.PainlessPlugin;
import org.opensearch.script.IngestScript;
import org.opensearch.script.Script;
import org.opensearch.script.ScriptModule;
import org.opensearch.script.ScriptService;
import org.opensearch.script.ScriptType;

public class Painless {
    private static final int[] SLOT_COUNTS = {1, 2, 7, 1000, 1024, 65536, Integer.MAX_VALUE};

    private static int bad = 0;

    public static void main(String[] arguments) throws Exception {
        String block = Files.readString(Path.of(arguments[0]));
        String pipelineJson = Files.readString(Path.of(arguments[1]));
        List<String> lines = Files.readAllLines(Path.of(arguments[2]));

        ScriptModule module = new ScriptModule(Settings.EMPTY, List.of(new PainlessPlugin()));
        ScriptService scripts = new ScriptService(Settings.EMPTY, module.engines, module.contexts);

        // The pipeline as it stands on the page, with the S that is written there.
        Map<String, Object> configuration = XContentHelper.convertToMap(JsonXContent.jsonXContent, pipelineJson, false);
        Pipeline pipeline =
            Pipeline.create("tymbal-slot", configuration, Map.of("script", new ScriptProcessor.Factory(scripts)), scripts);

        int checked = 0;
        for (String line : lines) {
            String[] fields = line.split("\t", -1);
            long mixed = Long.parseLong(fields[3]);
            for (int slots : SLOT_COUNTS) {
                Map<String, Object> document = document(fields);
                runBlock(scripts, block, slots, document);
                expect(line, slots, document.get("slot"), mixed % slots);
            }
            IngestDocument ingested = ingest(pipeline, document(fields));
            expect(line, 1024, ingested.getFieldValue("slot", Object.class), mixed % 1024);
            checked++;
        }
        checkMissingNames(pipeline);
        checkNameThatIsNoString(pipeline);

        if (bad > 0 || checked == 0) {
            System.out.printf("slots in painless: %d vectors, %d differences%n", checked, bad);
            System.exit(1);
        }
        System.out.printf(
            "slots in painless: %d vectors checked with %d slot counts each and through the pipeline, engine of OpenSearch %s%n",
            checked, SLOT_COUNTS.length, Version.CURRENT);
    }

    private static void runBlock(ScriptService scripts, String block, int slots, Map<String, Object> document) {
        Map<String, Object> parameters = Map.of("slots", slots);
        Script script = new Script(ScriptType.INLINE, "painless", block, parameters);
        scripts.compile(script, IngestScript.CONTEXT).newInstance(parameters).execute(document);
    }

    private static IngestDocument ingest(Pipeline pipeline, Map<String, Object> document) throws Exception {
        IngestDocument ingested = new IngestDocument("spans", "1", null, null, VersionType.INTERNAL, document);
        Exception[] failure = new Exception[1];
        pipeline.execute(ingested, (result, exception) -> failure[0] = exception);
        if (failure[0] != null) {
            throw failure[0];
        }
        return ingested;
    }

    /** A missing or null name is the empty string. */
    private static void checkMissingNames(Pipeline pipeline) throws Exception {
        Map<String, Object> empty = new HashMap<>(Map.of("app", "a", "service", "", "method", "c"));
        long want = ingest(pipeline, empty).getFieldValue("slot", Integer.class);

        Map<String, Object> missing = new HashMap<>(Map.of("app", "a", "method", "c"));
        expect("missing service", 1024, ingest(pipeline, missing).getFieldValue("slot", Object.class), want);

        Map<String, Object> isNull = new HashMap<>(Map.of("app", "a", "method", "c"));
        isNull.put("service", null);
        expect("null service", 1024, ingest(pipeline, isNull).getFieldValue("slot", Object.class), want);
    }

    private static void checkNameThatIsNoString(Pipeline pipeline) throws Exception {
        // As the page says: the document is kept, without a slot, and says why.
        IngestDocument kept = ingest(pipeline, new HashMap<>(Map.of("app", 42, "service", "s", "method", "m", "slot", 7)));
        if (kept.hasField("slot") || !kept.hasField("slot_error")) {
            System.out.println("a number as app was given a slot, or no slot_error");
            bad++;
        }
    }

    private static Map<String, Object> document(String[] fields) {
        Map<String, Object> document = new HashMap<>();
        document.put("app", name(fields[0]));
        document.put("service", name(fields[1]));
        document.put("method", name(fields[2]));
        return document;
    }

    private static void expect(String line, int slots, Object got, long want) {
        if (!(got instanceof Integer) || (Integer) got != want) {
            System.out.printf("%.100s of %d slots: %s, not %d%n", line, slots, got, want);
            bad++;
        }
    }

    /** Returns the string of these UTF-16 code units, four hex digits each. */
    private static String name(String digits) {
        StringBuilder units = new StringBuilder();
        for (int i = 0; i < digits.length(); i += 4) {
            units.append((char) Integer.parseInt(digits.substring(i, i + 4), 16));
        }
        return units.toString();
    }
}
