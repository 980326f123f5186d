// The program around the Java block of docs/slots.md: check_java puts the block below it, into the same file.

import java.nio.file.Files;
import java.nio.file.Path;

public class Main {
    public static void main(String[] arguments) throws Exception {
        int[] slotCounts = {1, 2, 7, 1000, 1024, 65536, Integer.MAX_VALUE};
        int checked = 0;
        int bad = 0;
        for (String line : Files.readAllLines(Path.of(arguments[0]))) {
            String[] fields = line.split("\t", -1);
            String app = name(fields[0]);
            String service = name(fields[1]);
            String method = name(fields[2]);
            long mixed = Long.parseLong(fields[3]);
            for (int slots : slotCounts) {
                int got = Slots.slot(app, service, method, slots);
                long want = mixed % slots;
                if (got != want) {
                    System.out.printf("%.100s of %d slots: %d, not %d%n", line, slots, got, want);
                    bad++;
                }
            }
            checked++;
        }
        if (bad > 0 || checked == 0) {
            System.out.printf("slots in Java: %d vectors, %d differences%n", checked, bad);
            System.exit(1);
        }
        System.out.printf("slots in Java: %d vectors checked with %d slot counts each%n", checked, slotCounts.length);
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

