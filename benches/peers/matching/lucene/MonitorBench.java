import com.sun.management.OperatingSystemMXBean;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.CharArraySet;
import org.apache.lucene.analysis.core.KeywordAnalyzer;
import org.apache.lucene.analysis.miscellaneous.PerFieldAnalyzerWrapper;
import org.apache.lucene.analysis.standard.StandardAnalyzer;
import org.apache.lucene.document.Document;
import org.apache.lucene.monitor.Monitor;
import org.apache.lucene.monitor.MonitorConfiguration;
import org.apache.lucene.monitor.MonitorQuery;
import org.apache.lucene.monitor.Presearcher;
import org.apache.lucene.monitor.QueryMatch;
import org.apache.lucene.monitor.TermFilteredPresearcher;
import org.apache.lucene.monitor.TermWeightor;

/**
 * Puts the postings of a folder to Lucene's monitor of all its searches.
 *
 * <p>Writes {@code built}, seconds of processor time, bytes a search; then for each round {@code round}, seconds, matches; between tabs.
 * The program runs hot first: every posting is matched {@value #WARM_UPS} times before it counts.
 */
public final class MonitorBench {
    private static final int WARM_UPS = 3;
    private static final int BATCH = 20_000;
    private static final OperatingSystemMXBean SYSTEM =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    private MonitorBench() {}

    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments[0]);
        int round = Integer.parseInt(arguments[1]);
        List<String[]> postings = new ArrayList<>();
        for (String line : Files.readAllLines(folder.resolve("postings.tsv"))) {
            postings.add(line.split("\t", -1));
        }
        try (Monitor monitor = new Monitor(analyzer(), presearcher(postings), configuration())) {
            build(monitor, folder.resolve("searches.tsv"));
            List<Document> documents = new ArrayList<>();
            postings.forEach(columns -> documents.add(Columns.posting(columns)));
            for (int time = 0; time < WARM_UPS; time++) {
                matches(monitor, documents);
            }
            for (int first = 0; first + round <= documents.size(); first += round) {
                long before = SYSTEM.getProcessCpuTime();
                long found = matches(monitor, documents.subList(first, first + round));
                System.out.printf("round\t%.6f\t%d%n", secondsSince(before), found);
            }
        }
    }

    private static Analyzer analyzer() {
        Analyzer words = new StandardAnalyzer(CharArraySet.EMPTY_SET);
        return new PerFieldAnalyzerWrapper(new KeywordAnalyzer(), Map.of(Columns.TEXT, words));
    }

    private static MonitorConfiguration configuration() {
        MonitorConfiguration configuration = new MonitorConfiguration();
        configuration.setQueryUpdateBufferSize(BATCH);
        return configuration;
    }

    /** Searches are found by place, then by the word that the fewest postings have. */
    private static Presearcher presearcher(List<String[]> postings) {
        Map<String, Integer> frequencies = new HashMap<>();
        for (String[] columns : postings) {
            Set<String> words = new HashSet<>(List.of(columns[1].toLowerCase().split("[ .,]+")));
            words.forEach(word -> frequencies.merge(word, 1, Integer::sum));
        }
        TermWeightor weightor =
                term -> {
                    switch (term.field()) {
                        case Columns.TEXT:
                            return 1.0 / (1 + frequencies.getOrDefault(term.text(), 0));
                        case Columns.COMPANY:
                            return 1.0;
                        case Columns.TECHNOLOGY:
                            return 0.05;
                        default:
                            return 0.001;
                    }
                };
        return new TermFilteredPresearcher(weightor, Collections.emptyList(), Set.of(Columns.PLACE));
    }

    private static void build(Monitor monitor, Path file) throws IOException {
        long before = SYSTEM.getProcessCpuTime();
        long heapBefore = heap();
        int searches = 0;
        try (BufferedReader reader = Files.newBufferedReader(file)) {
            List<MonitorQuery> batch = new ArrayList<>(BATCH);
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                batch.add(Columns.search(line.split("\t", -1)));
                searches++;
                if (batch.size() == BATCH) {
                    monitor.register(batch);
                    batch.clear();
                }
            }
            monitor.register(batch);
        }
        double seconds = secondsSince(before);
        System.out.printf("built\t%.3f\t%d%n", seconds, (heap() - heapBefore) / searches);
    }

    private static long matches(Monitor monitor, List<Document> documents) throws IOException {
        long found = 0;
        for (Document document : documents) {
            found += monitor.match(document, QueryMatch.SIMPLE_MATCHER).getMatchCount();
        }
        return found;
    }

    private static double secondsSince(long before) {
        return (SYSTEM.getProcessCpuTime() - before) / 1e9;
    }

    private static long heap() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
