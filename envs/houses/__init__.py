"""ProcTHOR houses: their JSON, the assets that furnish them, and the MuJoCo model made of them."""
